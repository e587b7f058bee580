"""Releases of frameworks: which are looked at, what each takes to install, and environments made of them."""
