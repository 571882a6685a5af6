"""The mean of a stream's figures over its latest seconds, by the stamps of its messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple


class _Entry(NamedTuple):
    stamp_ns: int
    span_ns: int
    figures: tuple[float, ...]


class WindowedMean:
    """A time-weighted mean: figures count for the time since those before them.

    So frames that come in bursts weigh no more than others, and after a gap longer than the window
    the newest frame stands for all of it. The cost of a frame does not depend on the window.

    Args:
        window_ns: Length of the window, nanoseconds; what has left it is forgotten at the next
            figures.
    """

    def __init__(self, window_ns: int) -> None:
        self.window_ns = window_ns
        self._entries: deque[_Entry] = deque()
        self._sums: list[float] = []
        self._span_ns = 0

    def add(self, stamp_ns: int, figures: Sequence[float]) -> tuple[float, ...]:
        """Take in figures, and give the mean with them.

        Args:
            stamp_ns: Their time, nanoseconds; no earlier than any before.
            figures: As many as before.

        Returns:
            The mean of each; the figures themselves while no time has passed.
        """
        latest_ns = self._entries[-1].stamp_ns if self._entries else stamp_ns
        span_ns = min(stamp_ns - latest_ns, self.window_ns)
        self._count(_Entry(stamp_ns, span_ns, tuple(figures)))
        begin_ns = stamp_ns - self.window_ns
        while len(self._entries) > 1 and self._entries[0].stamp_ns <= begin_ns:
            self._forget_oldest()
        return self._mean(begin_ns)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._sums, self._span_ns = [], 0

    def _count(self, entry: _Entry) -> None:
        if not self._entries:
            self._sums = [0.0] * len(entry.figures)
        self._entries.append(entry)
        self._weigh(entry.figures, entry.span_ns)

    def _forget_oldest(self) -> None:
        oldest = self._entries.popleft()
        self._weigh(oldest.figures, -oldest.span_ns)

    def _weigh(self, figures: Sequence[float], span_ns: int) -> None:
        self._span_ns += span_ns
        self._sums = [
            total + figure * span_ns for total, figure in zip(self._sums, figures, strict=True)
        ]

    def _mean(self, begin_ns: int) -> tuple[float, ...]:
        oldest = self._entries[0]
        # Of the time that the oldest figures count for, a part may lie before the window.
        before_ns = max(begin_ns - (oldest.stamp_ns - oldest.span_ns), 0)
        span_ns = self._span_ns - before_ns
        if span_ns <= 0:
            return self._entries[-1].figures
        return tuple(
            (total - figure * before_ns) / span_ns
            for total, figure in zip(self._sums, oldest.figures, strict=True)
        )
