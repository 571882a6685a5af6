"""Which frames of several cameras belong together: those of one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class Moment(NamedTuple):
    """When a frame was taken.

    Args:
        stamp_ns: By its own account, nanoseconds; 0 where it has none.
        arrived_s: When it arrived, seconds on a monotonic clock.
    """

    stamp_ns: int
    arrived_s: float

    def after(self, before: Moment) -> Moment:
        """When the next frame is due, where the one before this was of another moment."""
        stamped = self.stamp_ns and before.stamp_ns
        return Moment(
            stamp_ns=2 * self.stamp_ns - before.stamp_ns if stamped else 0,
            arrived_s=2 * self.arrived_s - before.arrived_s,
        )


@dataclass(frozen=True)
class Waiting(Generic[Item]):
    """A frame that waits.

    Args:
        item: The frame.
        moment: When it was taken.
        since_s: From when on it is waited for others: before it arrived, where it replaced a frame
            for which that was done already.
    """

    item: Item
    moment: Moment
    since_s: float


class Turn(NamedTuple):
    """Whose frames may be begun now.

    Args:
        cameras: The camera whose turn it is, and those whose frames go with its frame; empty where
            nobody's may.
        until_s: Where it is waited for a late camera: until when, on the clock of the arrivals.
    """

    cameras: tuple[int, ...] = ()
    until_s: float | None = None


@dataclass(frozen=True)
class Gathering(Generic[Item]):
    """How far apart frames of one moment may be.

    Args:
        tolerance_s: Seconds between their stamps, and longest wait for a late one; 0 for frames
            that are never gathered.
        stamp_ns: Gives a frame's stamp, nanoseconds; 0 where it has none. Then arrivals decide.
    """

    tolerance_s: float = 0.0
    stamp_ns: Callable[[Item], int] = lambda _: 0

    def waiting(
        self, item: Item, arrived_s: float, replaced: Waiting[Item] | None = None
    ) -> Waiting[Item]:
        """A frame that waits from now on, maybe in the place of another one."""
        # Else a fast camera, whose frames are replaced by newer ones, would wait for ever.
        is_kept = replaced is not None and arrived_s - replaced.since_s < self.tolerance_s
        since_s = replaced.since_s if replaced and is_kept else arrived_s
        return Waiting(item, Moment(self.stamp_ns(item), arrived_s), since_s)

    def are_one(self, one: Moment, other: Moment) -> bool:
        """Whether frames of two moments belong together."""
        if one.stamp_ns and other.stamp_ns:
            return abs(one.stamp_ns - other.stamp_ns) <= self.tolerance_s * 1e9
        # A driver without a clock leaves the stamp at zero.
        return abs(one.arrived_s - other.arrived_s) <= self.tolerance_s
