"""Some pixels of a camera image, converted exactly as the whole of it would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, Encoding, planes_of, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError

SIDE = 64
"""Most rows, and most columns, that are sampled: 4096 pixels of an image."""


@dataclass(frozen=True)
class _Block:
    """The smallest piece of an encoding that can be converted by itself.

    Args:
        height: Pixels.
        width: Pixels.
        margin: Pixels around it that are converted with it and then dropped.
    """

    height: int
    width: int
    margin: int = 0

    @classmethod
    def of(cls, row: Encoding) -> _Block:
        if row.mosaic:
            # Demosaicing looks one pixel to each side.
            return cls(2, 2, margin=1)
        return cls(2 if row.is_420 else 1, 2 if row.even_width else 1)


class PixelSampler:
    """Takes pixels from frames of one size and encoding, without converting the rest.

    The pixels lie on a grid, one block of them in each of its fields, moved at random (and always
    in the same way) within the field: a regular grid sees one phase of fences and pavements only.

    Args:
        height: Pixels of the frames.
        width: Pixels of the frames.
        encoding: Name of their encoding.

    Raises:
        FrameError: The encoding is not in the table, so that nobody knows where its pixels lie.
    """

    def __init__(self, height: int, width: int, encoding: str) -> None:
        row = ENCODINGS.get(encoding)
        if row is None:
            raise FrameError(
                received=f"pixels to sample from an image with the encoding {encoding!r}",
                expected="an encoding of the table, whose layout is known",
                fix="set the camera driver to one that needs no cv_bridge",
            )
        self._planes = row.planes
        self._block = block = _Block.of(row)
        random = np.random.default_rng(0)
        tops = _starts(height, block.height, block.margin, random)
        lefts = _starts(width, block.width, block.margin, random)
        self._is_whole = height * width <= SIDE**2 or not tops.size or not lefts.size
        self.rows = np.arange(height) if self._is_whole else _spans(tops, block.height, 0)
        """(n,) int64: the image rows that pixels are taken from."""
        self.columns = np.arange(width) if self._is_whole else _spans(lefts, block.width, 0)
        """(m,) int64: the image columns that pixels are taken from."""
        self._read_rows = _spans(tops, block.height, block.margin)
        self._read_columns = _spans(lefts, block.width, block.margin)
        if row.is_420 and not row.planes:
            self._read_rows = np.concatenate([self._read_rows, height + tops // 2])

    def __call__(self, frame: Frame) -> NDArray[np.uint8]:
        """Take the pixels of a frame.

        Args:
            frame: Of the size and encoding that the sampler was made for.

        Returns:
            (n, m, 3) uint8 BGR: those of `rows` and `columns`; all where the image has no more
            than 4096. It may view the frame's memory.
        """
        if self._is_whole:
            return to_bgr(frame)
        if self._planes:
            return to_bgr(Frame.from_array(self._picked_planes(frame), frame.encoding))
        # Rows first: `take` would copy a whole image whose rows are padded.
        picked: NDArray[Any] = frame.array[self._read_rows].take(self._read_columns, axis=1)
        return self._inner(to_bgr(Frame.from_array(picked, frame.encoding)))

    def _picked_planes(self, frame: Frame) -> NDArray[np.uint8]:
        """The same pixels as an image of their own, in the encoding of the frame."""
        y, colour = planes_of(frame)
        picked = y[self._read_rows].take(self._read_columns, axis=1)
        if self._planes == "i420":
            # The blocks are the pairs that share a colour.
            rows, columns = self._read_rows[::2] // 2, self._read_columns[::2] // 2
            shared = colour[:, rows].take(columns, axis=2)
        else:
            shared = colour[self._read_rows].take(self._read_columns, axis=1)
        return np.concatenate([picked.ravel(), shared.ravel()]).reshape(-1, picked.shape[1])

    def _inner(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        block, margin = self._block, self._block.margin
        if not margin:
            return bgr
        height, width = block.height + 2 * margin, block.width + 2 * margin
        blocks = bgr.reshape(len(bgr) // height, height, -1, width, 3)
        inner = blocks[:, margin:-margin, :, margin:-margin]
        return inner.reshape(len(self.rows), len(self.columns), 3)


def _starts(side: int, size: int, margin: int, random: np.random.Generator) -> NDArray[np.int64]:
    """First pixels of blocks of `size` spread over a side, none closer than `margin` to its ends.

    With a margin of one the blocks begin at odd pixels, and what is read at even ones: the colours
    of a mosaic keep their places.
    """
    blocks = max((side - 2 * margin) // size, 0)
    # What is read beside the pixels takes time as well.
    count = min(blocks, SIDE // (size + margin))
    fields = (np.arange(count) + random.random(count)) * blocks / max(count, 1)
    return margin + size * np.minimum(fields.astype(np.int64), blocks - 1)


def _spans(starts: NDArray[np.int64], size: int, margin: int) -> NDArray[np.int64]:
    """Every pixel of blocks that begin at `starts`, with their margins."""
    spans: NDArray[np.int64] = starts[:, None] + np.arange(-margin, size + margin)
    return spans.ravel()
