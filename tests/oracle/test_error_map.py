"""The shape of an error in words."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.oracle.error_map import region

ODD = np.add.outer(np.arange(4), np.arange(5)) % 2 == 1


def put(*places) -> np.ndarray:
    """An answer of 2 images, 3 channels, 4 × 5, wrong at some places."""
    wrong = np.zeros((2, 3, 4, 5), bool)
    for place in places:
        wrong[place] = True
    return wrong


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (put(...), "everywhere"),
        (put(np.s_[:, :, -1]), "the last row"),
        (put(np.s_[:, :, :, ::2]), "every second column"),
        (put(np.s_[:, 2, -1]), "the last row of the last channel"),
        (put(np.s_[:, 1]), "channel 1"),
        (np.broadcast_to(ODD, (2, 3, 4, 5)), "a checkerboard"),
        (np.broadcast_to(~ODD, (2, 3, 4, 5)), "a checkerboard"),
        (put(np.s_[:, 1]) & ODD, "a checkerboard of channel 1"),
        (put(np.s_[0, 1], np.s_[0, 2]) & ODD, "a checkerboard of all channels but the first of the first image"),
        (put(np.s_[0, 0, 0, 0], np.s_[1, 2, 3, 3], np.s_[1, 1, 1, 4], np.s_[0, 2, 2, 1]), "some elements"),
    ],
)
def test_the_shape_of_an_error_has_a_name(wrong, words):
    assert region(wrong, "forward") == words


def test_one_cell_beside_a_checkerboard_is_no_checkerboard():
    wrong = np.broadcast_to(ODD, (2, 3, 4, 5)).copy()
    wrong[1, 1, 0, 0] = True
    assert "checkerboard" not in region(wrong, "forward")
