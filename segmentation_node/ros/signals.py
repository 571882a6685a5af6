"""How the programs of this room end: Ctrl-C and SIGTERM mean the same."""

from __future__ import annotations

import signal


def end_on_signals() -> None:
    """Raise KeyboardInterrupt in the main thread for SIGTERM too, so that `finally` runs."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
