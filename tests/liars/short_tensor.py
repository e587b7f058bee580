"""Sends a tensor whose bytes are fewer than its shape says, on one question."""

import os
import runpy

from conformance import adapter

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))

honest = adapter.pack


def pack(message, tensors=None):
    frame = honest(message, tensors)
    if tensors and tensors["forward"][1].shape[-1] == 7:
        frame = frame.replace(b'"shape": [2, 3, ', b'"shape": [2, 9, ')
    return frame


adapter.pack = pack
truth["lie"]()
