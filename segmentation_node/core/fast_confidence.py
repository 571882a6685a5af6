"""Confidence at camera size on the CPU: as the definition has it, several times as fast.

Along a row of pixels in one cell, between the same four logits, an interpolated logit grows by the
same amount from pixel to pixel, and its exponential by the same factor. So each cell and class
needs four exponentials instead of one for every pixel: the one of its first pixel, the factor from
a pixel to the next below, the factor to the next on the right, and the factor by which the last
one changes from row to row. All else is multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.cells import CellAxis, cell_grid
from segmentation_node.core.dense_confidence import DenseConfidence
from segmentation_node.core.geometry import Fit
from segmentation_node.core.scratch import Scratch

_LARGEST = 40.0
"""Logits, divided by the temperature, up to this have exponentials that float32 can hold.

They keep rounding harmless, too. With u = 2^-24, the definition works out the difference of two
classes to within 34u times the largest logit (see `core/fast_postprocess.py`): 1360u. Here a pixel
is the product of at most 1 + 15 + 15 + 15 * 15 factors, each off by 9u, of exponents that are off
by 4u of their magnitude and come to 360: for a difference, two times 3744u. A confidence changes by
at most 64 levels for each unit of that: 0.04 levels together. Confidences as close as that differ
by one level at most when they are rounded, and nearly always by none.
"""

_VALUES_AT_ONCE = 2**16
"""Exponentials per step: the five arrays of them fit a core's second-level cache."""


@dataclass(frozen=True)
class _Steps:
    """How interpolation goes from pixel to pixel in the cells along one axis.

    Args:
        low: (n,) intp: index of the logit at each cell's start.
        high: (n,) intp: index of the logit at its end.
        begin: (n,) float32: how far the first pixel lies from `low` to `high`.
        pace: (n,) float32: how much further each next pixel lies.
        place: (pixels of the image,) intp: where pixels stand among first pixels of all cells,
            second pixels of all cells and so on; behind all of them outside the canvas.
    """

    low: NDArray[np.intp]
    high: NDArray[np.intp]
    begin: NDArray[np.float32]
    pace: NDArray[np.float32]
    place: NDArray[np.intp]


class FastConfidence:
    """Makes confidence images for one fit and one shape of logits.

    Memory is kept from call to call. One instance serves one thread at a time.

    Args:
        fit: How the image is fitted.
        logits_shape: (C, h, w) of the network's output.
    """

    def __init__(self, fit: Fit, logits_shape: tuple[int, int, int]) -> None:
        grid = cell_grid(fit, *logits_shape[1:])
        self._y, self._x = _steps(grid.y), _steps(grid.x)
        self._cell_rows = len(grid.y.weight)
        self._cells_at_once = max(1, _VALUES_AT_ONCE // (logits_shape[0] * len(grid.x)))
        # The last row and the last column stay zero: pixels outside the canvas point there.
        self._levels = np.zeros((grid.y.weight.size + 1, grid.x.weight.size + 1), np.uint8)
        self._by_cell = self._levels[:-1, :-1].reshape(*grid.y.weight.shape, *grid.x.weight.shape)
        self._dense = DenseConfidence(fit, logits_shape)
        self._scratch = Scratch()

    def __call__(
        self, logits: NDArray[np.float32], out: NDArray[np.uint8], temperature: float = 1.0
    ) -> None:
        """Write the confidence image.

        Args:
            logits: (C, h, w) float32.
            out: (H, W) uint8, C-contiguous, written to: 255 times the winner's softmax, 0 outside
                the canvas.
            temperature: Divides the logits first.
        """
        largest = max(float(logits.max()), -float(logits.min())) / temperature
        if not largest < _LARGEST:
            # NaN is not less either.
            self._dense(logits, out, temperature)
            return
        scaled = self._scratch.get("scaled", logits.shape)
        np.divide(logits, np.float32(temperature), out=scaled)
        columns = self._along_x(scaled)
        # Cells smaller than the largest are carried on beyond their end, where nothing is read.
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(self._y.low), self._cells_at_once):
                self._fill_cells(columns, slice(start, start + self._cells_at_once))
        self._put(out)

    def _along_x(self, logits: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Give the logits at the first column of each cell, and what each next column adds."""
        x, shape = self._x, (*logits.shape[:2], len(self._x.low))
        first, change = self._scratch.get("column", shape), self._scratch.get("next", shape)
        np.take(logits, x.low, axis=2, out=first, mode="clip")
        np.take(logits, x.high, axis=2, out=change, mode="clip")
        self._begin(first, change, x.begin, x.pace)
        return first, change

    def _begin(
        self,
        first: NDArray[np.float32],
        change: NDArray[np.float32],
        begin: NDArray[np.float32],
        pace: NDArray[np.float32],
    ) -> None:
        """Turn values at both ends of cells into the first pixel's and the change to each next."""
        offset = self._scratch.get("offset", first.shape)
        np.subtract(change, first, out=change)
        np.multiply(change, begin, out=offset)
        np.add(first, offset, out=first)
        np.multiply(change, pace, out=change)

    def _fill_cells(self, columns: tuple[NDArray[np.float32], ...], part: slice) -> None:
        """Work out some rows of cells."""
        value, down = self._along_y("value", columns[0], part)
        right, turn = self._along_y("right", columns[1], part)
        for row in range(self._cell_rows):
            if row:
                np.multiply(value, down, out=value)
                np.multiply(right, turn, out=right)
            self._fill_row(value, right, self._by_cell[row, part].transpose(1, 0, 2))

    def _along_y(
        self, name: str, values: NDArray[np.float32], part: slice
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give the exponentials at the first row of some cells, and the factor to each next row."""
        y, shape = self._y, (len(values), len(self._y.low[part]), values.shape[2])
        first, change = self._scratch.get(name, shape), self._scratch.get(f"next {name}", shape)
        np.take(values, y.low[part], axis=1, out=first, mode="clip")
        np.take(values, y.high[part], axis=1, out=change, mode="clip")
        self._begin(first, change, y.begin[part, None], y.pace[part, None])
        return np.exp(first, out=first), np.exp(change, out=change)

    def _fill_row(
        self, value: NDArray[np.float32], right: NDArray[np.float32], out: NDArray[np.uint8]
    ) -> None:
        """Write one row of pixels of each cell.

        Args:
            value: (C, m, n) float32: exponentials at the first pixel of the row.
            right: (C, m, n) float32: factor to the next pixel.
            out: (p, m, n) uint8.
        """
        total, best = self._scratch.get("total", out.shape), self._scratch.get("best", out.shape)
        here = self._scratch.get("here", value.shape)
        for column in range(len(out)):
            if column:
                value = np.multiply(value, right, out=here)
            np.add.reduce(value, axis=0, out=total[column])
            np.maximum.reduce(value, axis=0, out=best[column])
        np.divide(best, total, out=best)
        np.multiply(best, 255, out=best)
        np.rint(best, out=best)
        np.copyto(out, best, casting="unsafe")

    def _put(self, out: NDArray[np.uint8]) -> None:
        """Bring the levels from the order of cells to their places in the image."""
        height, width = self._levels.shape
        # Whole rows are copied each time, first of the transposed image: the fastest way.
        turned = self._scratch.get("turned", (width, height), np.uint8)
        cv2.transpose(self._levels, dst=turned)
        columns = self._scratch.get("columns", (out.shape[1], height), np.uint8)
        np.take(turned, self._x.place, axis=0, out=columns, mode="clip")
        rows = self._scratch.get("rows", (height, out.shape[1]), np.uint8)
        cv2.transpose(columns, dst=rows)
        np.take(rows, self._y.place, axis=0, out=out, mode="clip")


def _steps(axis: CellAxis) -> _Steps:
    last = np.take_along_axis(axis.weight, axis.size[None] - 1, axis=0)[0]
    pace = (last - axis.weight[0]) / np.maximum(axis.size - 1, 1)
    number = len(axis)
    pixel = np.arange(len(axis.cell_of)) - np.append(axis.first, 0)[axis.cell_of]
    place = np.where(axis.cell_of < number, pixel * number + axis.cell_of, axis.weight.size)
    return _Steps(
        axis.low, axis.high, axis.weight[0], pace.astype(np.float32), place.astype(np.intp)
    )
