"""The cells between neighbouring logits, and the camera pixels that lie in each.

Bilinear interpolation mixes the four logits at the corners of a cell, so what holds at its four
corners often settles all of its pixels at once. The fast path works on cells for that reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.geometry import Fit
from segmentation_node.core.postprocess import AxisSamples, fit_samples

_LARGEST = 16
"""Pixels; longer cells are divided. Arrays over cells are fast when cells are small and many."""


@dataclass(frozen=True)
class CellAxis:
    """The cells along one axis of the image that hold at least one pixel, large ones divided.

    Args:
        low: (n,) intp: index of the logit at each cell's start.
        high: (n,) intp: index of the logit at its end; the same as `low` beyond the last one.
        first: (n,) intp: image pixel where each cell begins.
        size: (n,) intp: number of pixels in each cell.
        weight: (p, n) float32: how far each pixel of a cell lies from `low` to `high`; p is the
            largest size, and smaller cells repeat their last pixel.
        pixel: (p, n) intp: image pixels that the weights belong to.
        cell_of: (pixels of the image,) intp: cell of each pixel; n outside the canvas.
    """

    low: NDArray[np.intp]
    high: NDArray[np.intp]
    first: NDArray[np.intp]
    size: NDArray[np.intp]
    weight: NDArray[np.float32]
    pixel: NDArray[np.intp]
    cell_of: NDArray[np.intp]

    def __len__(self) -> int:
        """Give the number of cells."""
        return len(self.low)


@dataclass(frozen=True)
class CellGrid:
    """All cells of an image under one fit.

    Args:
        y: Cells from top to bottom.
        x: Cells from left to right.
        corners: (4, cells) intp: flat index into (h, w) of each cell's logits, in the order top
            left, top right, bottom left, bottom right.
    """

    y: CellAxis
    x: CellAxis
    corners: NDArray[np.intp]


def cell_grid(fit: Fit, height: int, width: int) -> CellGrid:
    """Divide an image into the cells of its logits.

    Args:
        fit: How the image was fitted.
        height: Rows of logits.
        width: Columns of logits.
    """
    image_rows, image_columns = fit.image_part
    along_y, along_x = fit_samples(fit, height, width)
    y = _cell_axis(along_y, image_rows, fit.image_height)
    x = _cell_axis(along_x, image_columns, fit.image_width)
    top_bottom = np.stack([y.low, y.low, y.high, y.high])[:, :, None] * width
    left_right = np.stack([x.low, x.high, x.low, x.high])[:, None, :]
    return CellGrid(y, x, (top_bottom + left_right).reshape(4, -1))


def _cell_axis(samples: AxisSamples, part: slice, image_size: int) -> CellAxis:
    starts = _starts(samples)
    size = np.diff(starts, append=len(samples.low))
    step = np.minimum(np.arange(size.max())[:, None], size - 1)
    index = starts + step
    cell_of = np.full(image_size, len(starts), np.intp)
    cell_of[part] = np.repeat(np.arange(len(starts)), size)
    return CellAxis(
        low=samples.low[starts].astype(np.intp),
        high=samples.high[starts].astype(np.intp),
        first=starts + part.start,
        size=size,
        weight=np.ascontiguousarray(samples.weight[index]),
        pixel=index + part.start,
        cell_of=cell_of,
    )


def _starts(samples: AxisSamples) -> NDArray[np.intp]:
    # Pixels clamped to the first logit make up a cell of their own: joined to the cell after
    # them, they would make it half as large again as all others, and the padding with it.
    clamped = (samples.low == 0) & (samples.weight == 0)
    changes = (np.diff(samples.low) != 0) | (np.diff(clamped.astype(np.int8)) != 0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    return _divided(starts, np.diff(starts, append=len(samples.low)))


def _divided(starts: NDArray[np.intp], sizes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Divide cells of more than `_LARGEST` pixels into nearly equal parts."""
    parts = -(-sizes // _LARGEST)
    number = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    offset = number * np.repeat(sizes, parts) // np.repeat(parts, parts)
    return np.asarray(np.repeat(starts, parts) + offset, np.intp)
