"""The library: what the suite knows, asked about any function of a person's own tests, in their own process.

cases       cases as objects of a test: `cases("groups/*")`, and `case.check(function)`
checking    `check(function)`: many cases, what goes wrong, and when
strategies  `configurations()`: a Hypothesis strategy of valid configurations
function    a function and how it is asked: its signature, its layouts, its arrays
signatures  the arguments that a function of some framework's spelling takes
arrays      arrays of any framework: made of NumPy's, made into NumPy's, and differentiated
isolated    the same in a process of its own, which may die
"""
