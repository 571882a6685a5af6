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
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.cells import CellGrid
from segmentation_node.core.scratch import Scratch

_PIXELS_AT_ONCE = 2**16
"""Interpolated pixels per step: their arrays together fit a core's second-level cache."""

_MANY = 4
"""From this number of candidates on, cells are worked out together with the rest."""


@dataclass(frozen=True)
class _Pixels:
    """Where the pixels of some cells lie: r rows of p pixels in each of m cells.

    Args:
        y_weight: (r, m) float32.
        x_weight: (p, m) float32.
        start: (r, m) intp: flat index into the image of each row's first pixel.
        size: (m,) intp, ascending: how many of the p pixels belong to each cell.
    """

    y_weight: NDArray[np.float32]
    x_weight: NDArray[np.float32]
    start: NDArray[np.intp]
    size: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(p, r, m), the shape that the cells' pixels are worked out in."""
        return (len(self.x_weight), *self.y_weight.shape)


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
            cells: (n,) intp: flat indices into the grid, ordered by width.
            tolerance: Logits closer than this could change places by rounding.
            out: (H, W) uint8, C-contiguous: the label image.
        """
        corners = self._scratch.get("corners", (4, len(cells)), np.intp)
        np.take(self._grid.corners, cells, axis=1, out=corners, mode="clip")
        values = self._scratch.get("values", (4, len(logits), len(cells)))
        for corner, index in zip(values, corners, strict=True):
            np.take(logits, index, axis=1, out=corner, mode="clip")
        first, second = _two_winners(winners, corners)
        one, other = self._of_class(values, first), self._of_class(values, second)
        candidates = self._candidates(values, one, other, tolerance)
        counts = np.add.reduce(candidates, axis=0, dtype=np.int16)
        pair = (counts == 2) & (first != second)
        chosen = np.flatnonzero(pair)
        difference = np.take(one - other, chosen, axis=1)
        channels = np.stack([first[chosen], second[chosen]])
        doubtful = self._label_pairs(difference, channels, cells[chosen], tolerance, out)
        pair[chosen[doubtful]] = False
        self._label_rest(values, candidates, np.where(pair, 0, counts), cells, out)

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
    ) -> NDArray[np.intp]:
        """Label cells of two classes; return the indices of those that rounding could decide."""
        ids = np.take(self._ids, channels)
        doubtful = []
        for start in range(0, len(cells), self._at_once):
            part = slice(start, start + self._at_once)
            pixels = self._pixels(cells[part])
            wins, loses = self._signs(difference[:, part], pixels, tolerance)
            if np.count_nonzero(wins) != np.count_nonzero(loses):
                doubtful.append(start + np.flatnonzero((wins != loses).any(axis=(0, 1))))
            labels = self._scratch.get("labels", pixels.shape, np.uint8)
            np.multiply(wins.view(np.uint8), ids[0, part] ^ ids[1, part], out=labels)
            np.bitwise_xor(labels, ids[1, part], out=labels)
            self._write(labels, pixels, out)
        return np.concatenate(doubtful) if doubtful else np.empty(0, np.intp)

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
        counts: NDArray[Any],
        cells: NDArray[np.intp],
        out: NDArray[np.uint8],
    ) -> None:
        """Label the cells with a count, as the definition does, in groups of similar counts."""
        for low, high in ((1, 2), (3, 3), (_MANY, len(candidates))):
            chosen = np.flatnonzero((counts >= low) & (counts <= high))
            if len(chosen):
                channels = _listed(np.take(candidates, chosen, axis=1))
                self._label_group(values, channels, chosen, cells[chosen], out)

    def _label_group(
        self,
        values: NDArray[np.float32],
        channels: NDArray[np.intp],
        chosen: NDArray[np.intp],
        cells: NDArray[np.intp],
        out: NDArray[np.uint8],
    ) -> None:
        ids = np.take(self._ids, channels)
        for start in range(0, len(cells), self._at_once):
            part = slice(start, start + self._at_once)
            corners = values[:, channels[:, part], chosen[part]]
            pixels = self._pixels(cells[part])
            self._write(self._best(corners, ids[:, part], pixels), pixels, out)

    def _best(
        self, corners: NDArray[np.float32], ids: NDArray[np.uint8], pixels: _Pixels
    ) -> NDArray[np.uint8]:
        """Label pixels by the first of the largest of k classes, from (4, k, m) corner values."""
        shape = pixels.shape
        best, value = self._scratch.get("best", shape), self._scratch.get("value", shape)
        wins = self._scratch.get("wins", shape, np.bool_)
        labels = self._scratch.get("labels", shape, np.uint8)
        change = self._scratch.get("change", shape, np.uint8)
        self._interpolate(corners[:, 0], pixels, best)
        np.copyto(labels, ids[0])
        for channel in range(1, len(ids)):
            self._interpolate(corners[:, channel], pixels, value)
            np.greater(value, best, out=wins)
            np.maximum(value, best, out=best)
            np.bitwise_xor(labels, ids[channel], out=change)
            np.multiply(change, wins.view(np.uint8), out=change)
            np.bitwise_xor(labels, change, out=labels)
        return labels

    def _interpolate(
        self, corners: NDArray[np.float32], pixels: _Pixels, out: NDArray[np.float32]
    ) -> None:
        """Interpolate (4, m) corner values with the very operations of the definition."""
        right, down = pixels.x_weight, pixels.y_weight
        left, up = np.float32(1) - right, np.float32(1) - down
        top = corners[0] * left + corners[1] * right
        bottom = corners[2] * left + corners[3] * right
        product = self._scratch.get("product", pixels.shape)
        np.multiply(top[:, None], up, out=out)
        np.multiply(bottom[:, None], down, out=product)
        np.add(out, product, out=out)

    def _pixels(self, cells: NDArray[np.intp]) -> _Pixels:
        row, column = np.divmod(cells, len(self._grid.x))
        size = np.take(self._grid.x.size, column)
        start = np.take(self._row_start, row, axis=1)
        start += np.take(self._grid.x.first, column)
        return _Pixels(
            np.take(self._grid.y.weight, row, axis=1),
            np.take(self._grid.x.weight[: size[-1]], column, axis=1),
            start,
            size,
        )

    def _write(self, labels: NDArray[np.uint8], pixels: _Pixels, out: NDArray[np.uint8]) -> None:
        """Put (p, r, m) labels at their places, row by row of each cell."""
        width, rows, count = labels.shape
        by_row = self._scratch.get("by_row", (rows, count, width), np.uint8)
        cv2.transpose(labels.reshape(width, -1), dst=by_row.reshape(-1, width))
        begin = 0
        while begin < count:
            size = int(pixels.size[begin])
            end = int(np.searchsorted(pixels.size, size, side="right"))
            _put_rows(out, pixels.start[:, begin:end], by_row[:, begin:end], size)
            begin = end


def _two_winners(
    winners: NDArray[np.uint8], corners: NDArray[np.intp]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give two different channels that win at corners of each cell, or the only one twice."""
    first, *others = np.take(winners, corners)
    second = others[-1]
    for other in others[-2::-1]:
        second = np.where(other != first, other, second)
    return first, second


def _listed(candidates: NDArray[np.bool_]) -> NDArray[np.intp]:
    """List the channels of each cell, ascending: (C, m) bool to (k, m) for the largest count k."""
    channel, cell = np.nonzero(candidates)
    place = np.cumsum(candidates, axis=0, dtype=np.uint8)[channel, cell] - 1
    # A cell with fewer channels repeats its last one, which never beats itself.
    last = len(candidates) - 1 - candidates[::-1].argmax(axis=0)
    listed = np.repeat(last[None], int(place.max()) + 1, axis=0)
    listed[place, cell] = channel
    return listed


def _put_rows(
    image: NDArray[np.uint8], start: NDArray[np.intp], rows: NDArray[np.uint8], size: int
) -> None:
    """Copy the first `size` bytes of (r, m, p) rows to (r, m) flat indices of an image."""
    # Seen as one item of `size` bytes, a row is copied at once: several times as fast as bytes.
    item = np.dtype((np.void, size))
    windows = np.ndarray(image.size - size + 1, item, image, strides=(1,))
    windows[start] = rows[:, :, :size].view(item)[:, :, 0]
