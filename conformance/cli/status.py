"""How a command ends: its exit status, and the error that is the user's to mend."""

from __future__ import annotations

#: Nothing needs a look; something does; the command was used wrongly; not everything was asked, or a route answered
#: nothing.
CLEAN, FINDINGS, USAGE, INCOMPLETE = 0, 1, 2, 3


class UsageError(Exception):
    """The command's words do not fit together: what is wrong and what to write instead, in one sentence."""
