"""Lets captures of CUDA graphs and the loading of engines take turns, in this process.

While a stream of a context is captured, no thread may wait for the whole context: such a call
fails, and the capture with it, in whatever mode it was begun (CUDA driver API, cuCtxSynchronize:
CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED). What builds and loads engines makes such calls.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Captures:
    """Who captures, and who loads; usable from any thread.

    Loading waits for captures, which take milliseconds. A capture does not wait for loading, which
    may take minutes: it is put off.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._captures = self._loads = 0

    @property
    def are_possible(self) -> bool:
        """Whether a capture could begin now."""
        return not self._loads

    @contextmanager
    def kept_away(self) -> Iterator[None]:
        """Let nothing be captured while a block runs; what is being captured is waited for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._captures)
            self._loads += 1
        try:
            yield
        finally:
            with self._changed:
                self._loads -= 1

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Capture in a block, if it is given True; False where something is being loaded."""
        with self._changed:
            may = not self._loads
            self._captures += may
        try:
            yield may
        finally:
            with self._changed:
                self._captures -= may
                self._changed.notify_all()


CAPTURES = Captures()
"""Those of this process: all of its pipelines share one context."""
