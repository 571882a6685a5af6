"""What the computing thread has begun and not finished: frames alone, and several as a batch."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from segmentation_node.pipeline.job import Job

_log = logging.getLogger("segmentation_node")

Item = TypeVar("Item")
Slot = TypeVar("Slot")


@dataclass(frozen=True)
class Taken(Generic[Item, Slot]):
    """A frame on its way, and the slot that its result goes into."""

    item: Item
    slot: Slot
    camera: int


class Computing(Generic[Item, Slot]):
    """Begins and finishes frames with a job; for one thread alone.

    Args:
        job: What is done with each frame.
        done: Told of each frame that is finished.
        lost: Told of each frame that failed, and why. No frame takes another one with it, but for
            those that the job itself fails together.
    """

    def __init__(
        self,
        job: Job[Item, Slot],
        done: Callable[[Taken[Item, Slot]], None],
        lost: Callable[[Taken[Item, Slot], Exception], None],
    ) -> None:
        self._job, self._done, self._lost = job, done, lost
        self._begun: deque[Sequence[Taken[Item, Slot]]] = deque()

    def __len__(self) -> int:
        """How many frames are begun and not finished."""
        return sum(map(len, self._begun))

    @property
    def may_begin(self) -> bool:
        """Whether the job can take more frames now."""
        return len(self._begun) < self._job.depth

    @property
    def batch(self) -> int:
        """How many frames may be begun together."""
        return self._job.batch

    @property
    def is_ready(self) -> bool:
        """Whether what was begun first could be finished at once."""
        return bool(self._begun) and self._job.is_ready(self._begun[0][0].item)

    def begin(self, group: Sequence[Taken[Item, Slot]]) -> None:
        """Begin with frames, each of another camera, as one batch where there are several."""
        errors = self._try_to_begin(group)
        begun = [taken for taken, error in zip(group, errors, strict=True) if error is None]
        if begun:
            self._begun.append(begun)
        for taken, error in zip(group, errors, strict=True):
            if error is not None:
                self._lost(taken, error)

    def finish_first(self) -> None:
        """Finish what was begun first: a frame, or all of a batch."""
        for taken in self._begun.popleft():
            self._finish(taken)

    def _finish(self, taken: Taken[Item, Slot]) -> None:
        try:
            self._job.finish(taken.item, taken.slot)
        except Exception as error:
            # It must not take the one with it that was begun behind it.
            self._lost(taken, error)
        else:
            self._done(taken)

    def _try_to_begin(self, group: Sequence[Taken[Item, Slot]]) -> Sequence[Exception | None]:
        try:
            if len(group) > 1:
                return self._job.begin_together([(taken.item, taken.slot) for taken in group])
            self._job.begin(group[0].item, group[0].slot)
        except Exception as error:
            # One bad frame must not end the stream.
            return [error] * len(group)
        return [None]


def attempt(action: Callable[[], None], what: str) -> None:
    """Do something beside the frames; an error is logged, and the frames go on.

    Args:
        action: What to do.
        what: What it is, for the log.
    """
    try:
        action()
    except Exception as error:
        # The thread would end, and every camera of the node with it.
        _log.error("%s failed: %r", what, error)
