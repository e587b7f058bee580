"""What is told of a run: the same findings, counts and words in every output.

findings        states, counts, findings (rows grouped by what went wrong), the sentence over all
explain         one row in words, and the script that repeats it
accuracy        how much of the rounding bound real answers use
history         several runs: when each divergence came and went
terminal        tables and progress
html/           the page
summaries/      JUnit XML, JSON, Markdown, badge, GitHub annotations
"""
