"""Where frames wait for the engine that all cameras share, and whose turn is next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Generic, TypeVar

from segmentation_node.errors import ConfigError
from segmentation_node.pipeline.gathering import Gathering, Moment, Turn, Waiting

Item = TypeVar("Item")

MODES = ("latest", "every")


class Inbox(Generic[Item]):
    """Keeps the waiting frames of each camera, and picks the next one in fair turns.

    The turn goes round: after a camera was served, those after it come first. So a camera waits for
    one frame of each other camera at most, however fast those are.

    For an engine that computes several frames at once it gathers those of one moment: the frame
    whose turn it is, and what waits of other cameras and belongs to it. For a camera that is late
    it has them wait, but not for longer than they may be apart, and only where its latest two
    frames say that the next one belongs to them.

    Whoever owns it guards it with a lock: it has none of its own.

    Args:
        cameras: How many cameras there are.
        mode: `latest` keeps one frame of each camera and replaces it; `every` keeps all, in order.
        queue_size: With `every`, how many frames of each camera may wait.
        gathering: Which frames belong together; none where None.

    Raises:
        ConfigError: There is no such mode.
    """

    def __init__(
        self,
        cameras: int = 1,
        mode: str = "latest",
        queue_size: int = 10,
        gathering: Gathering[Item] | None = None,
    ) -> None:
        if mode not in MODES:
            raise ConfigError(f"mode: {mode!r}", " or ".join(MODES), "correct the mode")
        self._replaces = mode == "latest"
        self._capacity = 1 if self._replaces else queue_size
        self._waiting: list[deque[Waiting[Item]]] = [deque() for _ in range(cameras)]
        self._first = 0
        self._gathering: Gathering[Item] = gathering or Gathering()
        # Of each camera the latest two, the later one first: they tell when its next frame is due.
        self._moments: list[tuple[Moment, ...]] = [()] * cameras

    def __len__(self) -> int:
        """How many frames wait, of all cameras."""
        return sum(map(len, self._waiting))

    def has_room(self, camera: int = 0) -> bool:
        """Whether a frame of a camera can be put in now."""
        return self._replaces or len(self._waiting[camera]) < self._capacity

    def put(self, item: Item, camera: int = 0, now_s: float = 0.0) -> int:
        """Put a frame in.

        Args:
            item: The frame.
            camera: Whose it is.
            now_s: When it arrived, seconds on a monotonic clock.

        Returns:
            How many waiting ones it replaced: 0 or 1.
        """
        waiting = self._waiting[camera]
        replaced = waiting.popleft() if self._replaces and waiting else None
        waiting.append(self._gathering.waiting(item, now_s, replaced))
        self._moments[camera] = (waiting[-1].moment, *self._moments[camera][:1])
        return int(replaced is not None)

    def _candidates(self, may: Callable[[int], bool]) -> Iterator[int]:
        count = len(self._waiting)
        turns = ((self._first + step) % count for step in range(count))
        return (one for one in turns if self._waiting[one] and may(one))

    def take(self, camera: int) -> Item:
        """Take a camera's oldest frame out; the turn goes to the cameras after it."""
        self._first = (camera + 1) % len(self._waiting)
        return self._waiting[camera].popleft().item

    def turn(self, most: int, now_s: float, may: Callable[[int], bool] = lambda _: True) -> Turn:
        """Whose frames are next, together.

        Args:
            most: Of how many cameras at most.
            now_s: The time, by the clock of the arrivals.
            may: Whether a frame of a camera can be served now.

        Returns:
            The camera whose turn it is, then those that go with it. To take them, begin with the
            last: the turn then goes to those after the first.
        """
        candidates = list(self._candidates(may))
        if not candidates or most == 1 or not self._gathering.tolerance_s:
            return Turn(tuple(candidates[:1]))
        lead = self._lead(candidates)
        first = self._waiting[lead][0]
        near = [one for one in sorted(candidates) if one != lead and self._belongs(one, first)]
        cameras = (lead, *near[: most - 1])
        if len(cameras) < most and any(map(partial(self._is_late, lead), self._others(lead))):
            since_s = min(self._waiting[one][0].since_s for one in cameras)
            until_s = since_s + self._gathering.tolerance_s
            if now_s < until_s:
                return Turn(until_s=until_s)
        return Turn(cameras)

    def _lead(self, candidates: Sequence[int]) -> int:
        """Whose frame brings those of the others."""
        if self._replaces:
            return candidates[0]
        # The oldest one: queues that a lost frame has put out of step come into step again.
        return min(candidates, key=lambda one: self._waiting[one][0].moment.arrived_s)

    def _others(self, camera: int) -> Iterator[int]:
        return (one for one in range(len(self._waiting)) if one != camera)

    def _belongs(self, camera: int, first: Waiting[Item]) -> bool:
        return self._gathering.are_one(first.moment, self._waiting[camera][0].moment)

    def _is_late(self, lead: int, camera: int) -> bool:
        """Whether a frame of a camera may be about to come, to go with the one of another."""
        if self._waiting[camera]:
            return False
        if len(self._moments[camera]) < 2:
            # With the first frame of all it may be about to send its own first one.
            return not self._moments[camera] and len(self._moments[lead]) == 1
        # Else cameras that nobody triggers together would wait for each other with every frame, and
        # all of them for one that has gone silent.
        due = Moment.after(*self._moments[camera])
        return self._gathering.are_one(due, self._waiting[lead][0].moment)

    def clear(self) -> list[int]:
        """Drop all that waits; give how many frames of each camera."""
        dropped = [len(waiting) for waiting in self._waiting]
        for waiting in self._waiting:
            waiting.clear()
        return dropped
