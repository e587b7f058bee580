"""Asking frameworks and judging their answers: cases and programs → rows in a run file.

questions       cases × routes × dtypes × checks × fills → what is asked
programs        which adapters there are, and under which interpreter each runs
worker, lane    one process of a framework; the questions on their way to it
message         one message of a worker: sizes, types, tensors
engine, aside   all workers at once, crashes and hangs blamed on one question; who spoilt a process
session         adapters greeted, questions asked, rows set against the ledger
answers, judge  the oracle's answers, shared; one answer → one row with verdict and cause
probe, metamorphic, variants, claims, disputes    what is asked besides, and how it is judged
rules, place, ledger      a known divergence: what, when, where; which rows it speaks of
blame, infer    rows → the fewest faults that explain them; questions → the simplest condition that tells them apart
diagnose, narrow, draft   what goes wrong and when; asking again; rules for a person to finish
row, detail, run_file     the words of a row and what stands beside them; a run on disk
spoken          what adapters say, as types: plans and offers, in messages and in run files
"""
