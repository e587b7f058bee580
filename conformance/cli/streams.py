"""Standard streams as they may be: closed, of an alphabet that lacks characters, full, or no longer read."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings


def ready() -> None:
    """Make every standard stream one that can be written to, before anything else is opened.

    A closed one is given to nobody: a file that is opened later would take its place, and hold what others print.
    Characters that a terminal lacks become question marks. Warnings of libraries are not the user's.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is this one
    for descriptor, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    warnings.simplefilter("ignore")


def quiet() -> None:
    """Say no more on standard output: nobody reads it, or nothing more goes into it."""
    with contextlib.suppress(OSError):  # in a test it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
