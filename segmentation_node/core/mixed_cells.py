"""Labels of the cells in which classes meet: few enough to be worked out pixel by pixel.

Three facts keep the work small, and the result equal to the definition to the last bit:

- A class that another one beats at all four corners of a cell, by more than rounding can undo,
  wins at none of its pixels. Most cells are left with two classes.
- Between two classes only the sign of their difference matters. It is interpolated once, in any
  order of operations; where it is so near to zero that rounding could decide, the cell is worked
  out again as the definition does it.
- Arrays have the cells along their last axis, so that NumPy's inner loops are long.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.cells import CellGrid
from segmentation_node.core.scratch import Scratch

_PIXELS_AT_ONCE = 2**16
"""Interpolated pixels per step: their arrays together fit a core's second-level cache."""


@dataclass(frozen=True)
class _Pixels:
    """Where the pixels of some cells lie: r rows of p pixels in each of m cells.

    Args:
        y_weight: (r, m) float32.
        x_weight: (p, m) float32.
        start: (r, m) intp: flat index into the image of each row's first pixel.
        size: (m,) intp: how many of the p pixels belong to each cell.
    """

    y_weight: NDArray[np.float32]
    x_weight: NDArray[np.float32]
    start: NDArray[np.intp]
    size: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(p, r, m), the shape that the cells' pixels are worked out in."""
        return (len(self.x_weight), *self.y_weight.shape)

    def of(self, some: slice) -> _Pixels:
        """The pixels of some of the cells."""
        return _Pixels(
            self.y_weight[:, some], self.x_weight[:, some], self.start[:, some], self.size[some]
        )


class MixedCells:
    """Labels cells of one grid in which more than one class may win. Not for two threads at once.

    Args:
        grid: The cells of the image.
        ids: (C,) uint8: label id of each channel.
        image_width: Pixels of a row of the label image.
    """

    def __init__(self, grid: CellGrid, ids: NDArray[np.uint8], image_width: int) -> None:
        self._grid = grid
        self._ids = ids
        self._sizes = [int(size) for size in np.unique(grid.x.size)]
        self._row_start = grid.y.pixel * image_width
        self._at_once = max(1, _PIXELS_AT_ONCE // (len(grid.y.pixel) * len(grid.x.pixel)))
        self._scratch = Scratch()

    def label(
        self,
        logits: NDArray[np.float32],
        winners: NDArray[np.uint8],
        cells: NDArray[np.intp],
        tolerance: np.float32,
        out: NDArray[np.uint8],
    ) -> None:
        """Write the labels of some cells.

        Args:
            logits: (C, h*w) float32.
            winners: (h*w,) uint8: channel of the largest logit.
            cells: (n,) intp: flat indices into the grid.
            tolerance: Logits closer than this could change places by rounding.
            out: (H, W) uint8, C-contiguous: the label image.
        """
        corners = self._scratch.get("corners", (4, len(cells)), np.intp)
        np.take(self._grid.corners, cells, axis=1, out=corners, mode="clip")
        values = self._scratch.get("values", (4, len(logits), len(cells)))
        for corner, index in zip(values, corners, strict=True):
            np.take(logits, index, axis=1, out=corner, mode="clip")
        pair = _two_winners(winners, corners)
        rivals = self._of_class(values, pair[0]), self._of_class(values, pair[1])
        candidates = self._candidates(values, *rivals, tolerance)
        counts = np.add.reduce(candidates, axis=0, dtype=np.int16)
        two = np.flatnonzero((counts == 2) & (pair[0] != pair[1]))
        difference = np.take(rivals[0] - rivals[1], two, axis=1)
        sure = self._label_pairs(difference, pair[:, two], cells[two], tolerance, out)
        counts[two[sure]] = 0
        self._label_rest(values, candidates, counts, cells, out)

    def _of_class(
        self, values: NDArray[np.float32], channel: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Pick (4, n) corner values of one channel per cell out of (4, C, n)."""
        corners, channels, count = values.shape
        index = self._scratch.get("index", (corners, count), np.intp)
        np.multiply(channel, count, out=index[0], dtype=np.intp)
        index[0] += np.arange(count)
        np.add(index[0], np.arange(1, 4)[:, None] * (channels * count), out=index[1:])
        return np.take(values.reshape(-1), index)

    def _candidates(
        self,
        values: NDArray[np.float32],
        one: NDArray[np.float32],
        other: NDArray[np.float32],
        tolerance: np.float32,
    ) -> NDArray[np.bool_]:
        """Find the (C, n) channels that neither of two others beats at all four corners."""
        shape = values.shape[1:]
        beaten, here, step = (
            self._scratch.get(name, shape, np.bool_) for name in ("beaten", "here", "step")
        )
        beaten.fill(False)
        for rival in (one - tolerance, other - tolerance):
            np.greater(rival[0], values[0], out=here)
            for corner in (1, 2, 3):
                np.greater(rival[corner], values[corner], out=step)
                np.logical_and(here, step, out=here)
            np.logical_or(beaten, here, out=beaten)
        np.logical_not(beaten, out=beaten)
        return beaten

    def _label_pairs(
        self,
        difference: NDArray[np.float32],
        channels: NDArray[np.uint8],
        cells: NDArray[np.intp],
        tolerance: np.float32,
        out: NDArray[np.uint8],
    ) -> NDArray[np.bool_]:
        """Label (m,) cells of two classes; tell which of them no rounding could have decided."""
        ids = np.take(self._ids, channels)
        sure = np.ones(len(cells), np.bool_)
        for start in range(0, len(cells), self._at_once):
            part = slice(start, start + self._at_once)
            pixels = self._pixels(cells[part])
            wins, may = self._signs(difference[:, part], pixels, tolerance)
            if np.count_nonzero(wins) != np.count_nonzero(may):
                sure[part] = (wins == may).all(axis=(0, 1))
            labels = self._scratch.get("labels", pixels.shape, np.uint8)
            np.multiply(wins.view(np.uint8), ids[0, part] ^ ids[1, part], out=labels)
            np.bitwise_xor(labels, ids[1, part], out=labels)
            self._write(labels, pixels, out)
        return sure

    def _signs(
        self, difference: NDArray[np.float32], pixels: _Pixels, tolerance: np.float32
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell at each pixel whether the first class surely wins, and whether it may win."""
        top_left, top_right, bottom_left, bottom_right = difference
        top = (top_right - top_left) * pixels.x_weight + top_left
        bottom = (bottom_right - bottom_left) * pixels.x_weight + bottom_left
        bottom -= top
        inside = self._scratch.get("value", pixels.shape)
        np.multiply(bottom[:, None], pixels.y_weight, out=inside)
        np.add(inside, top[:, None], out=inside)
        wins = self._scratch.get("wins", pixels.shape, np.bool_)
        may = self._scratch.get("may", pixels.shape, np.bool_)
        return np.greater(inside, tolerance, out=wins), np.greater(inside, -tolerance, out=may)

    def _label_rest(
        self,
        values: NDArray[np.float32],
        candidates: NDArray[np.bool_],
        counts: NDArray[np.int16],
        cells: NDArray[np.intp],
        out: NDArray[np.uint8],
    ) -> None:
        """Label the cells that have a count, as the definition does."""
        rest = np.flatnonzero(counts)
        if not len(rest):
            return
        # Ordered by their counts, the cells that a class takes part in are always the first ones.
        rest = rest[np.argsort(-counts[rest], kind="stable")]
        channels = _listed(np.take(candidates, rest, axis=1), int(counts[rest[0]]))
        for start in range(0, len(rest), self._at_once):
            part = slice(start, start + self._at_once)
            chosen = rest[part]
            listed = channels[: counts[chosen[0]], part]
            corners = values[:, listed, chosen]
            pixels = self._pixels(cells[chosen])
            labels = self._best(corners, np.take(self._ids, listed), counts[chosen], pixels)
            self._write(labels, pixels, out)

    def _best(
        self,
        corners: NDArray[np.float32],
        ids: NDArray[np.uint8],
        counts: NDArray[np.int16],
        pixels: _Pixels,
    ) -> NDArray[np.uint8]:
        """Label pixels by the first of the largest of up to k classes.

        Args:
            corners: (4, k, m) float32 corner values.
            ids: (k, m) uint8 label ids.
            counts: (m,) int16, descending: how many of the k classes each cell has.
            pixels: Where the cells' pixels lie.
        """
        best = self._interpolate("best", corners[:, 0], pixels)
        labels = self._scratch.get("labels", pixels.shape, np.uint8)
        np.copyto(labels, ids[0])
        for channel in range(1, len(ids)):
            some = slice(0, int(np.count_nonzero(counts > channel)))
            value = self._interpolate("value", corners[:, channel, some], pixels.of(some))
            wins = self._scratch.get("wins", value.shape, np.bool_)
            np.greater(value, best[:, :, some], out=wins)
            np.maximum(value, best[:, :, some], out=best[:, :, some])
            change = self._scratch.get("change", value.shape, np.uint8)
            np.bitwise_xor(labels[:, :, some], ids[channel, some], out=change)
            np.multiply(change, wins.view(np.uint8), out=change)
            np.bitwise_xor(labels[:, :, some], change, out=labels[:, :, some])
        return labels

    def _interpolate(
        self, name: str, corners: NDArray[np.float32], pixels: _Pixels
    ) -> NDArray[np.float32]:
        """Interpolate (4, m) corner values with the very operations of the definition."""
        right, down = pixels.x_weight, pixels.y_weight
        left, up = np.float32(1) - right, np.float32(1) - down
        top = corners[0] * left + corners[1] * right
        bottom = corners[2] * left + corners[3] * right
        value, product = (self._scratch.get(one, pixels.shape) for one in (name, "product"))
        np.multiply(top[:, None], up, out=value)
        np.multiply(bottom[:, None], down, out=product)
        np.add(value, product, out=value)
        return value

    def _pixels(self, cells: NDArray[np.intp]) -> _Pixels:
        row, column = np.divmod(cells, len(self._grid.x))
        start = np.take(self._row_start, row, axis=1)
        start += np.take(self._grid.x.first, column)
        return _Pixels(
            np.take(self._grid.y.weight, row, axis=1),
            np.take(self._grid.x.weight, column, axis=1),
            start,
            np.take(self._grid.x.size, column),
        )

    def _write(self, labels: NDArray[np.uint8], pixels: _Pixels, out: NDArray[np.uint8]) -> None:
        """Put (p, r, m) labels at their places, row by row of each cell."""
        width, rows, count = labels.shape
        by_row = self._scratch.get("by_row", (rows, count, width), np.uint8)
        cv2.transpose(labels.reshape(width, -1), dst=by_row.reshape(-1, width))
        for size in self._sizes:
            some = np.flatnonzero(pixels.size == size)
            if len(some) == count:
                _put_rows(out, pixels.start, by_row, size)
            elif len(some):
                rows_of_some = np.take(by_row, some, axis=1)
                _put_rows(out, np.take(pixels.start, some, axis=1), rows_of_some, size)


def _two_winners(winners: NDArray[np.uint8], corners: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Give (2, n) different channels that win at corners of each cell, or the only one twice."""
    first, *others = np.take(winners, corners)
    second = others[-1]
    for other in others[-2::-1]:
        second = np.where(other != first, other, second)
    return np.stack([first, second])


def _listed(candidates: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """List the channels of each cell, ascending: (C, m) bool to (most, m).

    Beyond a cell's own count anything may stand.
    """
    channel, cell = np.nonzero(candidates)
    place = np.cumsum(candidates, axis=0, dtype=np.uint8)[channel, cell] - 1
    listed = np.zeros((most, candidates.shape[1]), np.intp)
    listed[place, cell] = channel
    return listed


def _put_rows(
    image: NDArray[np.uint8], start: NDArray[np.intp], rows: NDArray[np.uint8], size: int
) -> None:
    """Copy the first `size` bytes of (r, m, p) rows to (r, m) flat indices of an image."""
    # Seen as one item of `size` bytes, a row is copied at once: several times as fast as bytes.
    item = np.dtype((np.void, size))
    windows = np.ndarray(image.size - size + 1, item, image, strides=(1,))
    # Not by `view`, which before NumPy 1.23 takes no part of rows for another type.
    windows[start] = np.ndarray(rows.shape[:2], item, rows, strides=rows.strides[:2])
