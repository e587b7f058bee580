"""The command `convt`: a module for each group of verbs, imported when the verb is asked for.

door            what is loaded first
main            the verbs and their options
status          exit statuses, and the error that is the user's to mend
options         options that several verbs share
grouped         a command whose options are told in groups
run, show, cases, mutants, report, exchange, new_adapter    what the verbs do
"""
