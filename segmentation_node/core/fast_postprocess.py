"""Labels and colours at camera size on the CPU: equal to the definition, many times as fast.

Where one class has the largest logit at all four corners of a cell, it wins at every pixel of the
cell, because bilinear interpolation takes convex combinations. Such cells, nearly all of a street
scene, are filled by copying; only the others are interpolated.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.cells import cell_grid
from segmentation_node.core.class_map import ChannelIds
from segmentation_node.core.geometry import Fit
from segmentation_node.core.mixed_cells import MixedCells
from segmentation_node.core.postprocess import check_channels, labels_of
from segmentation_node.core.scratch import Scratch

_ROUNDING = 2.0**-18
"""Largest share of the largest logit that rounding can add to a difference of two classes.

With u = 2**-24, each of the definition's values is off by less than 4u times the largest logit,
an interpolated difference by less than 22u, and the weights differ from exact ones by 4u more:
together less than 34u. This is 64u.
"""

_LARGEST = 2.0**120
"""Logits up to this have differences, and differences of differences, that are finite."""

_SMALLEST = np.finfo(np.float32).tiny
"""Added to every tolerance: below it float32 loses digits."""

_DOUBTFUL = 255
"""In place of a winner: the two best logits are too close to rule rounding out."""


class FastLabels:
    """Makes label images for one fit, one shape of logits and one label set.

    Memory is kept from call to call. One instance serves one thread at a time.

    Args:
        fit: How the image is fitted.
        logits_shape: (C, h, w) of the network's output.
        labels: What the channels mean.

    Raises:
        ModelError: The logits have another number of channels than the label set has classes.
    """

    def __init__(self, fit: Fit, logits_shape: tuple[int, int, int], labels: ChannelIds) -> None:
        check_channels(np.broadcast_to(np.float32(0), logits_shape), labels)
        self._fit, self._labels, self._size = fit, labels, logits_shape[1:]
        self._grid = cell_grid(fit, *logits_shape[1:])
        self._ids = labels.id_of_channel
        self._mixed = MixedCells(self._grid, self._ids, fit.image_width)
        self._scratch = Scratch()
        self._cells = np.full(
            (len(self._grid.x) + 1, len(self._grid.y) + 1), labels.ignore_id, np.uint8
        )
        self.mixed_share = 0.0
        """Share of the cells that were interpolated in the last call."""

    def __call__(self, logits: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
        """Write the label image.

        Args:
            logits: (C, h, w) float32, C-contiguous.
            out: (H, W) uint8, C-contiguous: label ids at camera size.
        """
        flat = logits.reshape(len(logits), -1)
        best = self._scratch.get("best", flat.shape[1:])
        np.maximum.reduce(flat, axis=0, out=best)
        largest = max(float(best.max()), -float(flat.min()))
        if not largest < _LARGEST:
            # NaN is not less either.
            np.copyto(out, labels_of(logits, self._fit, self._labels))
            return
        tolerance = np.float32(_ROUNDING * largest) + _SMALLEST
        winners, doubtful = self._winners(flat, best, tolerance)
        self._fill(winners, out)
        cells = self._mixed_cells(winners, doubtful)
        self.mixed_share = len(cells) / self._grid.corners.shape[1]
        if len(cells):
            self._mixed.label(flat, winners, cells, tolerance, out)

    def _winners(
        self, logits: NDArray[np.float32], best: NDArray[np.float32], tolerance: np.float32
    ) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        """Find each logit's first largest channel, and where another is nearly as large."""
        near = self._scratch.get("near", logits.shape, np.bool_)
        np.greater_equal(logits, best - tolerance, out=near)
        channels = self._scratch.get("channels", logits.shape, np.uint8)
        number = np.arange(len(logits), dtype=np.uint8)[:, None]
        np.multiply(near.view(np.uint8), number, out=channels)
        # Where one channel alone is near the best, the sum is its number.
        winners = np.add.reduce(channels, axis=0, dtype=np.uint8)
        doubtful = np.flatnonzero(np.add.reduce(near, axis=0, dtype=np.uint8) != 1)
        winners[doubtful] = logits[:, doubtful].argmax(axis=0)
        return winners, doubtful

    def _fill(self, winners: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """Give every cell the label of its top left corner."""
        y, x, width = self._grid.y, self._grid.x, self._fit.image_width
        ids = np.take(self._ids, winners).reshape(self._size)
        # The last row and the last column stay unknown: pixels outside the canvas point there.
        self._cells[:-1, :-1] = ids[y.low][:, x.low].T
        # Whole rows are copied each time, first of the transposed image: the fastest way.
        columns = self._scratch.get("columns", (width, len(y) + 1), np.uint8)
        np.take(self._cells, x.cell_of, axis=0, out=columns, mode="clip")
        rows = self._scratch.get("rows", (len(y) + 1, width), np.uint8)
        cv2.transpose(columns, dst=rows)
        np.take(rows, y.cell_of, axis=0, out=out, mode="clip")

    def _mixed_cells(
        self, winners: NDArray[np.uint8], doubtful: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """List the cells whose corners disagree or are doubtful."""
        y, x = self._grid.y, self._grid.x
        marked = winners.copy()
        marked[doubtful] = _DOUBTFUL
        marked = marked.reshape(self._size)
        left, right = np.take(marked, x.low, axis=1), np.take(marked, x.high, axis=1)
        in_row = (left != right) | (left == _DOUBTFUL)
        mixed = np.take(in_row, y.low, axis=0)
        mixed |= np.take(in_row, y.high, axis=0)
        mixed |= np.take(left, y.low, axis=0) != np.take(left, y.high, axis=0)
        return np.flatnonzero(mixed)


def colorize_into(
    labels: NDArray[np.uint8], palette: NDArray[np.uint8], out: NDArray[np.uint8]
) -> None:
    """Show a label image in colours, as `core.postprocess.colorize` does.

    Args:
        labels: (H, W) uint8 label ids.
        palette: (256, 3) uint8 RGB, by label id.
        out: (H, W, 3) uint8 RGB, written to.
    """
    # OpenCV takes the table's colours for BGR and keeps their order: RGB in, RGB out.
    cv2.applyColorMap(labels, palette.reshape(256, 1, 3), dst=out)


def overlay_into(
    image_bgr: NDArray[np.uint8],
    color_rgb: NDArray[np.uint8],
    alpha: float,
    out: NDArray[np.uint8],
) -> None:
    """Blend colours over the camera image, within one level of `core.postprocess.overlay`.

    Args:
        image_bgr: (H, W, 3) uint8 BGR, camera image.
        color_rgb: (H, W, 3) uint8 RGB.
        alpha: 0 shows the image alone, 1 the colours alone.
        out: (H, W, 3) uint8 RGB, written to.
    """
    cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB, dst=out)
    cv2.addWeighted(out, 1 - alpha, color_rgb, alpha, 0, dst=out)
