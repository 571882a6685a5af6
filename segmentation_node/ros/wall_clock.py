"""Wall-clock time that never jumps while a program runs."""

from __future__ import annotations

import time


class WallClock:
    """Counts from one reading of the wall clock with the monotonic one.

    Two processes on one machine that each hold one agree to within microseconds, so that a stamp
    made by the player and an arrival noted by the recorder may be subtracted, even while NTP
    moves the system's clock.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return time.monotonic_ns() + self._offset_ns
