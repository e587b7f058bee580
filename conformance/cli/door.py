"""What the command `convt` loads first: so little that Ctrl-C is heard while everything else is loaded."""

from __future__ import annotations

import signal


def main() -> None:
    """Load the command and start it. Until it is there, Ctrl-C ends the process in silence, as it ends any program."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # a shell may have it ignored
    if usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from conformance.cli.main import main as command

    if usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command()
