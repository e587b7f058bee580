"""What is told of a run: the same findings, counts and words in every output.

states          the state of a row, how many are in each, a run in one sentence
findings        what a run found: rows in one state that are wrong for one reason; nothing else groups them
told            what a diagnosis found out, in lines
repeat          the line to paste for a row, and where its case is written
explain         one row in words, and the script that repeats it
accuracy        how much of the rounding bound real answers use
history         several runs: when each divergence came and went
terminal        tables and progress
html/           the page
summaries/      JUnit XML, JSON, Markdown, badge, GitHub annotations
"""
