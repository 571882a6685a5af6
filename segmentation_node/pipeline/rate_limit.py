"""Which frames of a stream are answered where fewer are wanted than come."""

from __future__ import annotations


class RateLimit:
    """Admits so many frames per second of the stream, by their stamps.

    Frames are due on a grid, and the one nearest to each place is admitted, early or late: jitter
    neither halves the rate of a camera that runs at the limit nor raises the average above it.
    After a gap, and where stamps jump back (a looping bag), the grid begins anew.

    By stamps and not by arrival: the same bag then has the same frames answered however fast it is
    played or computed, where arrivals bunch up behind a busy node.

    Args:
        rate_hz: Frames per second of the stream; 0 admits all.
    """

    def __init__(self, rate_hz: float = 0.0) -> None:
        self._rate_hz = rate_hz
        self._due_ns: int | None = None
        self._due_before_ns: int | None = None
        self._previous_ns = 0

    @property
    def rate_hz(self) -> float:
        """Frames per second of the stream that are admitted; 0 where all are."""
        return self._rate_hz

    @rate_hz.setter
    def rate_hz(self, rate_hz: float) -> None:
        if rate_hz != self._rate_hz:
            self._rate_hz, self._due_ns = rate_hz, None

    def admits(self, stamp_ns: int) -> bool:
        """Decide about the next frame.

        Args:
            stamp_ns: Its stamp, nanoseconds.
        """
        if self._rate_hz == 0:
            return True
        interval_ns, self._previous_ns = stamp_ns - self._previous_ns, stamp_ns
        period_ns = round(1e9 / self._rate_hz)
        due_ns = self._due_before_ns = self._due_ns
        # An admitted frame is due a period before the next one, so this far back is a jump.
        if due_ns is None or not -2 * period_ns <= stamp_ns - due_ns <= period_ns:
            self._due_ns = stamp_ns + period_ns
            return True
        # Earlier than by half an interval the next frame will be nearer.
        if stamp_ns < due_ns - max(interval_ns, 0) / 2:
            return False
        self._due_ns = due_ns + period_ns
        return True

    def take_back(self) -> None:
        """The frame that was admitted last cannot be answered: the next one may have its place."""
        self._due_ns = self._due_before_ns
