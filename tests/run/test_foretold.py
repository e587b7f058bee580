"""What is said of an answer before it is computed, against the answer."""

from __future__ import annotations

import pytest

from conformance.run.judge import foretold


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (([2, 3, 4], [12, 4, 1]), ([2, 3, 4], [12, 4, 1])),
        (([2, 3, 4], None), ([2, 3, 4], [12, 4, 1])),
        (([None, 3, 4], [None, 4, 1]), ([2, 3, 4], [12, 4, 1])),
        (([2, 1, 4], [4, 1, 1]), ([2, 1, 4], [4, 4, 1])),  # one element: its stride leads nowhere
        (([2, 0, 4], [0, 4, 1]), ([2, 0, 4], [4, 4, 1])),  # none at all
    ],
)
def test_what_holds(said, found):
    assert foretold(said, found) is None


@pytest.mark.parametrize(
    ("said", "found", "words"),
    [
        (
            ([2, 3, 4], [12, 1, 3]),
            ([2, 3, 4], [12, 4, 1]),
            "foretold with strides [12, 1, 3], answered with [12, 4, 1]",
        ),
        (([2, 3, 5], [15, 5, 1]), ([2, 3, 4], [12, 4, 1]), "foretold with shape [2, 3, 5], answered with [2, 3, 4]"),
        (([2, 3], None), ([2, 3, 4], None), "foretold with shape [2, 3], answered with [2, 3, 4]"),
        (([2, 0, 1], None), ([2, 0, 4], None), "foretold with shape [2, 0, 1], answered with [2, 0, 4]"),
    ],
)
def test_what_does_not_hold(said, found, words):
    assert foretold(said, found) == words
