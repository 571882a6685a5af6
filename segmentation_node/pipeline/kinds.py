"""What a pipeline keeps for the kinds of images that it meets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import numpy as np

from segmentation_node.core.frame import Frame
from segmentation_node.pipeline.view import View

Kind = TypeVar("Kind")
Kept = TypeVar("Kept")

MOST = 8
"""Kinds of images that are kept ready: cameras of a bag may differ, and take turns."""

_log = logging.getLogger("segmentation_node")


class LatestKinds(Generic[Kind, Kept]):
    """What was made for the latest kinds of images, up to MOST of them.

    Args:
        free: Gives back what was made for the kind that was wanted longest ago.
        may_free: Whether it may do so now; always for all but a few of them.
    """

    def __init__(
        self,
        free: Callable[[Kept], None] = lambda _: None,
        may_free: Callable[[Kept], bool] = lambda _: True,
    ) -> None:
        self._free, self._may_free = free, may_free
        self._kept: dict[Kind, Kept] = {}

    def of(self, kind: Kind, make: Callable[[Kind], Kept]) -> Kept:
        """What a kind of images needs.

        Args:
            kind: The kind.
            make: Makes it anew, where the kind is not among the latest ones.
        """
        kept = self._kept.pop(kind) if kind in self._kept else make(kind)
        self._kept[kind] = kept
        if len(self._kept) > MOST:
            oldest = next(one for one, held in self._kept.items() if self._may_free(held))
            self._free(self._kept.pop(oldest))
        return kept

    def take_all(self) -> Iterator[Kept]:
        """Take out all that is kept, what was wanted last first."""
        while self._kept:
            yield self._kept.popitem()[1]


class KindChanges:
    """Counts and logs how often the frames' size or encoding changes."""

    def __init__(self) -> None:
        self.count = 0
        self._kind: tuple[int, int, str] | None = None

    def see(self, frame: Frame) -> None:
        """Take note of a frame."""
        kind = frame.height, frame.width, frame.encoding
        if self._kind not in {None, kind}:
            self.count += 1
            _log.info("camera images are %sx%s %s from now on", *kind)
        self._kind = kind


def grey_frame(view: View, height: int, width: int) -> Frame:
    """A grey image to warm up with.

    Args:
        view: What will be seen of the images: this one is large enough to hold it.
        height: Pixels of the camera images to come.
        width: Pixels of the camera images to come.
    """
    size = view.image_to_hold(height, width)
    return Frame.from_array(np.full((*size, 3), 127, np.uint8))
