"""Covering arrays against brute force: every possible combination appears, and nothing impossible does."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.corpus.covering import CoveringError, Space, cover, missing


@st.composite
def spaces(draw) -> Space:
    """Two to five axes of one to three values; two of the axes, or three, tied to each other by chance."""
    lengths = tuple(draw(st.lists(st.integers(1, 3), min_size=2, max_size=5)))
    tied = tuple(range(draw(st.integers(2, min(3, len(lengths))))))
    every = list(itertools.product(*(range(lengths[axis]) for axis in tied)))
    possible = draw(st.sets(st.sampled_from(every), min_size=1))
    free = [((axis,), frozenset((value,) for value in range(lengths[axis]))) for axis in range(len(tied), len(lengths))]
    return Space(lengths, ((tied, frozenset(possible)), *free))


def brute(rows, strength):
    """All combinations of any `strength` axes that these rows have."""
    return {
        (axes, tuple(row[axis] for axis in axes))
        for row in rows
        for axes in itertools.combinations(range(len(row)), min(strength, len(row)))
    }


def possible_rows(space):
    axes, possible = space.parts[0]
    return [row for row in itertools.product(*map(range, space.lengths)) if tuple(row[a] for a in axes) in possible]


@settings(max_examples=150, deadline=None)
@given(spaces(), st.integers(1, 3))
def test_rows_cover_what_is_possible_and_nothing_else(space, strength):
    rows = cover(space, strength)
    everything = possible_rows(space)
    assert set(rows) <= set(everything)
    assert brute(rows, strength) == brute(everything, strength)
    assert rows == cover(space, strength)
    assert missing(space, strength, rows) == []


@settings(max_examples=100, deadline=None)
@given(spaces(), st.integers(1, 3), st.integers(0, 3))
def test_what_is_missing_is_counted(space, strength, kept):
    rows = possible_rows(space)
    assert set(missing(space, strength, rows[:kept])) == brute(rows, strength) - brute(rows[:kept], strength)


@settings(max_examples=60, deadline=None)
@given(spaces())
def test_a_higher_strength_adds_to_given_rows(space):
    few = cover(space, 1)
    more = cover(space, 2, few)
    assert not set(few) & set(more)
    assert brute([*few, *more], 2) == brute(possible_rows(space), 2)


def test_it_is_much_less_than_the_product():
    lengths = (3,) * 8
    space = Space(lengths, tuple(((axis,), frozenset({(0,), (1,), (2,)})) for axis in range(8)))
    assert 9 <= len(cover(space, 2)) < 27


def test_nothing_possible_is_an_error():
    with pytest.raises(CoveringError, match="no combination"):
        cover(Space((2, 2), (((0, 1), frozenset()),)), 2)
