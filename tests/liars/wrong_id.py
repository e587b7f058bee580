"""Answers one question under another id."""

import os
import runpy

from conformance import adapter

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))

honest = adapter._Worker.answer


def answer(self, message, tensors):
    reply = honest(self, message, tensors)
    if message["do"] == "run" and truth["chosen"](adapter.Case(message["case"])):
        message["id"] += 1000
    return reply


adapter._Worker.answer = answer
truth["lie"]()
