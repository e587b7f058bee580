"""Many releases side by side: what each run leaves in the history, and what is told of all of them together."""
