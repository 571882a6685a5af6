"""What was sent and never arrived, and how fast frames come, over the latest seconds."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 10.0
"""Seconds that rates and the share of lost frames are taken over: at 15 Hz a frame more or less is
0.1 Hz, where over one second it is 1 Hz."""

LONGEST_GAP_S = 5.0
"""Longest time between two stamps that is taken for lost frames; beyond it the camera paused."""

_INTERVALS = 64
_FEWEST_INTERVALS = 5


@dataclass(frozen=True)
class Loss:
    """Frames of the latest seconds.

    Args:
        received: Frames that arrived.
        lost: Frames that were sent and did not arrive.
    """

    received: int = 0
    lost: int = 0

    @property
    def share(self) -> float:
        """Lost frames as a share of those sent; 0 where none were sent."""
        return self.lost / max(self.received + self.lost, 1)

    def __add__(self, other: Loss) -> Loss:
        """Both cameras together."""
        return Loss(self.received + other.received, self.lost + other.lost)


class RecentLoss:
    """Counts what arrives and what is lost, in bins of a second; not safe for threads by itself.

    Args:
        now_s: A steady clock, seconds.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._bins: deque[list[int]] = deque()  # [second, received, lost]

    def add(self, received: int = 0, lost: int = 0) -> None:
        """Take note of frames that arrived, and of frames that did not."""
        second = int(self._now_s())
        if not self._bins or self._bins[-1][0] != second:
            self._forget(second)
            self._bins.append([second, 0, 0])
        self._bins[-1][1] += received
        self._bins[-1][2] += lost

    def latest(self) -> Loss:
        """What came to pass in the latest `WINDOW_S` seconds."""
        self._forget(int(self._now_s()))
        return Loss(sum(one[1] for one in self._bins), sum(one[2] for one in self._bins))

    def _forget(self, second: int) -> None:
        while self._bins and self._bins[0][0] <= second - WINDOW_S:
            self._bins.popleft()


class Gaps:
    """Estimates lost frames from the stamps of those that arrive, where the middleware counts none.

    The publisher's period is a short one among the latest times between two stamps: short ones are
    those with nothing lost in between. An estimate: a camera that halves its rate in the dark is
    taken to lose frames until `_INTERVALS` more have come.
    """

    def __init__(self) -> None:
        self._latest_ns = 0
        self._intervals: deque[int] = deque(maxlen=_INTERVALS)

    def lost_before(self, stamp_ns: int) -> int:
        """How many frames are missing between the frame before and this one.

        Args:
            stamp_ns: Its stamp, nanoseconds; 0 where it has none.
        """
        interval, self._latest_ns = stamp_ns - self._latest_ns, stamp_ns
        if not 0 < interval <= LONGEST_GAP_S * 1e9:
            return 0
        self._intervals.append(interval)
        if len(self._intervals) < _FEWEST_INTERVALS:
            return 0
        period = sorted(self._intervals)[len(self._intervals) // 10]
        # A frame that comes late by less than half a period is late.
        return max(round(interval / period) - 1, 0)


class Rate:
    """Frames per second, from counts that are looked at now and then."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()

    def of(self, count: int, now_s: float, is_silent: bool) -> float:
        """The rate over the latest `WINDOW_S` seconds; NaN at the first look.

        Args:
            count: Frames so far.
            now_s: A steady clock, seconds.
            is_silent: Whether nothing comes now; the rate counts from the end of a silence.
        """
        if is_silent:
            self._looks.clear()
        self._looks.append((now_s, count))
        while len(self._looks) > 2 and self._looks[1][0] <= now_s - WINDOW_S:
            self._looks.popleft()
        since_s, before = self._looks[0]
        return (count - before) / (now_s - since_s) if now_s > since_s else math.nan
