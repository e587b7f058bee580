"""The words that the page uses without explaining them where they stand; docs/glossary.md has all of them."""

from __future__ import annotations

#: Term → what it means, in the order in which a reader of the page meets them.
TERMS = {
    "case": "one configuration of a transposed convolution, with an id: family/name",
    "family": "the cases of one file, which belong together; the part of the id before the slash",
    "row": "one question, its answer, and what the answer is worth: case, route, device, dtype, check and fill",
    "route": "one way through a framework: the function, module or compiler that is called",
    "adapter": "the program that asks a framework and hands back what it answers",
    "check": "what is compared: forward, or the gradient of the input, the weight or the bias",
    "fill": "how the operands are made: exact are small integers, so that a right answer is right in every bit; real "
    "are random numbers, compared within the rounding bound; special hold NaN and infinity; given are in the case",
    "verdict": "what the answer is by itself: pass, differ, refuse (an error instead of an answer), accept (an answer "
    "instead of an error), crash, hang, flaky, broken, unsupported, unrun",
    "state": "the verdict set against the ledger: new, changed (diverges in another way than the ledger says), stale "
    "(no longer diverges), known; else pass, unsupported (the call cannot express the case), unrun (no answer)",
    "finding": "rows in one state that are wrong for one reason; it needs a look when it is new, changed or stale",
    "cause": "why a row is wrong, in words: a named fault whose wrong answer it equals, or the framework's message",
    "ledger": "the list of known divergences, each with a link and a reason",
    "rank": "the number of spatial axes: 1-D, 2-D, 3-D",
    "tap": "one element of the kernel",
    "stamp": "what one input element writes to the output: its value times the kernel",
    "extent": "K_e = (K − 1)·dilation + 1: the length of a kernel with its gaps",
    "full length": "F = (I − 1)·stride + K_e: all that the stamps reach, before padding crops it",
    "bound": "how far rounding alone can carry an answer from the truth, in the arithmetic that the adapter declares",
    "lean": "the mean signed error over its standard error; far beyond 3 either way, the answers err to one side",
    "unit": "u·Σ|x||w|: the relative error of one rounding, times the sum of the absolute values that were added up",
}
