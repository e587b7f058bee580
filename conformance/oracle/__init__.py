"""The right answer, and what "equal" means. Knows cases; knows no framework and no wrong implementation.

definition   the operator in double precision, in two formulations that the tests compare
operands     numbers made from a formula, so that any language can make them; how they are encoded
bounds       how far rounding may lead a real answer away
compare      expected and returned → what differs, shown by error_map
relations    what must hold between a route's own answers, without an oracle
"""

from conformance.oracle.definition import answer, answer_by_definition, magnitude

__all__ = ["answer", "answer_by_definition", "magnitude"]
