"""Where the kernels' pixels lie, worked out once per size: the tables that they read.

What a kernel would have to work out in double precision for every pixel stands in a table for
each axis instead, made by the definition's own operations. So the GPU agrees with `core/` on every
sample position, and spends nothing on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.geometry import Fit
from segmentation_node.core.postprocess import axis_samples

OUTSIDE = -1
"""In place of an index: padding on the way in, a pixel without a class on the way out."""

TAP = np.dtype([("low", "i4"), ("high", "i4"), ("weight_low", "i4"), ("weight_high", "i4")])
"""struct Tap of kernels/preprocess.cu."""

SAMPLE = np.dtype([("low", "i4"), ("high", "i4"), ("weight_low", "f4"), ("weight_high", "f4")])
"""struct Sample of kernels/postprocess.cu."""

Table = NDArray[np.void]

_FIXED_POINT = np.float32(2048)
"""INTER_RESIZE_COEF_SCALE of OpenCV's imgproc/src/resize.cpp."""


def taps(fit: Fit) -> tuple[Table, Table]:
    """The image pixels between which each pixel of the network's input lies.

    Positions and weights are those of cv2.resize, INTER_LINEAR, for 8-bit images
    (imgproc/src/resize.cpp: resize, HResizeLinear, VResizeLinear).

    Args:
        fit: How the image is fitted.

    Returns:
        (network height,) and (network width,) TAP: for rows and for columns.
    """
    rows, columns = fit.canvas_part
    y = _resize_taps(fit.network.height, fit.canvas_height, keep_edges=False)
    x = _resize_taps(fit.network.width, fit.canvas_width, keep_edges=True)
    return _on_image(y, rows, fit.canvas_y), _on_image(x, columns, fit.canvas_x)


def samples(fit: Fit, logits_height: int, logits_width: int) -> tuple[Table, Table]:
    """The logits between which each pixel of the result lies, as the definition has them.

    Args:
        fit: How the image is fitted.
        logits_height: Rows of logits.
        logits_width: Logits in a row.

    Returns:
        (image height,) and (image width,) SAMPLE: for rows and for columns.
    """
    image_rows, image_columns = fit.image_part
    canvas_rows, canvas_columns = fit.canvas_part
    y = _samples(fit.canvas_height, logits_height, canvas_rows)
    x = _samples(fit.canvas_width, logits_width, canvas_columns)
    return (
        _surrounded(y, image_rows, fit.image_height),
        _surrounded(x, image_columns, fit.image_width),
    )


def _resize_taps(outputs: int, inputs: int, *, keep_edges: bool) -> Table:
    # OpenCV divides twice in double, and keeps a position in single precision.
    scale = 1 / (outputs / inputs)
    position = ((np.arange(outputs) + 0.5) * scale - 0.5).astype(np.float32)
    low = np.floor(position).astype(np.int64)
    weight = position - low.astype(np.float32)
    if keep_edges:
        # Along x, a pixel beyond the centre of the first or last one is that one alone; along y,
        # OpenCV adds that row to itself, which rounds differently.
        beyond = (low < 0) | (low >= inputs - 1)
        weight[beyond] = 0
    table = np.empty(outputs, TAP)
    table["low"], table["high"] = np.clip([low, low + 1], 0, inputs - 1)
    table["weight_low"] = np.rint((np.float32(1) - weight) * _FIXED_POINT)
    table["weight_high"] = np.rint(weight * _FIXED_POINT)
    return table


def _on_image(table: Table, part: slice, offset: int) -> Table:
    """Turn indices of canvas pixels into those of image pixels; OUTSIDE where there is none."""
    for end in ("low", "high"):
        index = table[end]
        on_image = (index >= part.start) & (index < part.stop)
        table[end] = np.where(on_image, index + offset, OUTSIDE)
    return table


def _samples(outputs: int, inputs: int, part: slice) -> Table:
    axis = axis_samples(outputs, inputs, part)
    table = np.empty(len(axis.low), SAMPLE)
    table["low"], table["high"] = axis.low, axis.high
    table["weight_low"], table["weight_high"] = np.float32(1) - axis.weight, axis.weight
    return table


def _surrounded(table: Table, part: slice, length: int) -> Table:
    """Put the samples of a part among those of all pixels, the others being OUTSIDE."""
    whole = np.zeros(length, SAMPLE)
    whole["low"] = whole["high"] = OUTSIDE
    whole[part] = table
    return whole
