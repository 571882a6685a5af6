"""From logits to a label image at camera size: the definition that every fast path must meet.

The arithmetic is fixed to the last bit, so that a fast path can be equal and not merely close:
float32; at each output pixel first along x, then along y; `a * (1 - f) + b * f` each time; the
first of equal maxima wins. Sample positions are half-pixel centres clamped at the edges, as in
torch's interpolate(align_corners=False) and OpenCV's INTER_LINEAR; or those of align_corners=True,
for networks that were trained so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.class_map import ChannelIds
from segmentation_node.core.geometry import Fit
from segmentation_node.errors import FrameError, ModelError

_CHUNK_VALUES = 2**22
"""Values interpolated at once: bounds memory where all classes at 4K would take gigabytes."""


@dataclass(frozen=True)
class AxisSamples:
    """Where the outputs along one axis lie between the inputs: a·(1 - weight) + b·weight.

    Args:
        low: (n,) int64: index of a, the input at or before each output.
        high: (n,) int64: index of b, the next input, or the last again at the edge.
        weight: (n,) float32 in [0, 1): how far each output lies from a to b.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    weight: NDArray[np.float32]


def axis_samples(
    outputs: int, inputs: int, part: slice | None = None, aligned: int | None = None
) -> AxisSamples:
    """Sample positions of bilinear resizing along one axis, half-pixel centres, clamped.

    Args:
        outputs: Number of pixels after resizing.
        inputs: Number of pixels before.
        part: Which of the outputs to give; all of them where None.
        aligned: For align_corners, the pixels of the network's input along the axis: the first and
            the last of the inputs lie on its first and last.
    """
    index = np.arange(outputs, dtype=np.int64)[part or slice(None)]
    # One division of whole numbers: the same doubles in every implementation.
    if aligned is None:
        position = ((2 * index + 1) * inputs) / (2 * outputs) - 0.5
    else:
        # The image is brought to the network by half-pixel centres; only from there on corners
        # lie on corners.
        pixel = ((2 * index + 1) * aligned) / (2 * outputs) - 0.5
        position = pixel * ((inputs - 1) / max(aligned - 1, 1))
    position = np.clip(position, 0, inputs - 1)
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, inputs - 1)
    return AxisSamples(low, high, (position - low).astype(np.float32))


def fit_samples(fit: Fit, height: int, width: int) -> tuple[AxisSamples, AxisSamples]:
    """Where the seen pixels of an image lie between the logits, along y and along x.

    Args:
        fit: How the image was fitted.
        height: Rows of logits.
        width: Columns of logits.
    """
    rows, columns = fit.canvas_part
    aligned = (fit.network.height, fit.network.width) if fit.align_corners else (None, None)
    return (
        axis_samples(fit.canvas_height, height, rows, aligned[0]),
        axis_samples(fit.canvas_width, width, columns, aligned[1]),
    )


def upsample(logits: NDArray[np.float32], fit: Fit) -> NDArray[np.float32]:
    """Interpolate logits to camera size.

    Args:
        logits: (C, h, w) float32, the network's output.
        fit: How the image was fitted.

    Returns:
        (C, H, W) float32; zero outside the canvas, where `inside` is False.
    """
    full = np.zeros((len(logits), fit.image_height, fit.image_width), np.float32)
    for rows, chunk in _chunks(logits, fit):
        full[:, rows, fit.image_part[1]] = chunk
    return full


def inside(fit: Fit) -> NDArray[np.bool_]:
    """(H, W) bool: the pixels of the camera image that the network has seen."""
    mask = np.zeros((fit.image_height, fit.image_width), np.bool_)
    mask[fit.image_part] = True
    return mask


def labels_of(logits: NDArray[np.float32], fit: Fit, labels: ChannelIds) -> NDArray[np.uint8]:
    """The label image: at every camera pixel the class with the largest interpolated logit.

    Args:
        logits: (C, h, w) float32, the network's output.
        fit: How the image was fitted.
        labels: What the channels mean.

    Returns:
        (H, W) uint8 label ids; `labels.ignore_id` where the network has not seen the image.

    Raises:
        ModelError: The logits have another number of channels than the label set has classes.
    """
    check_channels(logits, labels)
    shape = (fit.image_height, fit.image_width)
    image = np.full(shape, labels.ignore_id, np.uint8)
    for rows, chunk in _chunks(logits, fit):
        # NumPy's argmax gives the first of equal maxima.
        image[rows, fit.image_part[1]] = labels.id_of_channel[chunk.argmax(axis=0)]
    return image


def confidence(
    logits: NDArray[np.float32], fit: Fit, temperature: float = 1.0
) -> NDArray[np.uint8]:
    """The winner's softmax at every camera pixel.

    Args:
        logits: (C, h, w) float32, the network's output.
        fit: How the image was fitted.
        temperature: Divides the logits first; above 1 softens overconfident networks (Guo et
            al., "On Calibration of Modern Neural Networks", 2017).

    Returns:
        (H, W) uint8, 255 times the softmax, rounded; 0 where the network has not seen the image.
    """
    image = np.zeros((fit.image_height, fit.image_width), np.uint8)
    for rows, chunk in _chunks(logits, fit):
        below = (chunk - chunk.max(axis=0)) / np.float32(temperature)
        image[rows, fit.image_part[1]] = np.rint(255 / np.exp(below).sum(axis=0))
    return image


def colorize(
    labels: NDArray[np.uint8], palette: NDArray[np.uint8], out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Show a label image in colours.

    Args:
        labels: (H, W) uint8 label ids.
        palette: (256, 3) uint8 RGB, by label id.
        out: (H, W, 3) uint8 to write to, or None.

    Returns:
        (H, W, 3) uint8 RGB; `out` where it is given.
    """
    # "clip" never clips here, and lets NumPy write to `out` without a buffer between.
    colors: NDArray[np.uint8] = np.take(palette, labels, axis=0, out=out, mode="clip")
    return colors


def overlay(
    image_bgr: NDArray[np.uint8], color_rgb: NDArray[np.uint8], alpha: float
) -> NDArray[np.uint8]:
    """Blend the colours of the classes over the camera image.

    Args:
        image_bgr: (H, W, 3) uint8 BGR, camera image.
        color_rgb: (H, W, 3) uint8 RGB, from `colorize`.
        alpha: 0 shows the image alone, 1 the colours alone.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        FrameError: The two differ in size.
    """
    if image_bgr.shape != color_rgb.shape:
        raise FrameError(
            received=f"an image of shape {image_bgr.shape} under colours of {color_rgb.shape}",
            expected="the same shape",
            fix="blend each image with its own labels",
        )
    weight = np.float32(alpha)
    image = image_bgr[:, :, ::-1].astype(np.float32)
    blended: NDArray[np.uint8] = np.rint(image * (1 - weight) + color_rgb * weight).astype(np.uint8)
    return blended


def check_channels(logits: NDArray[np.float32], labels: ChannelIds) -> None:
    """Check that logits have a channel for each class.

    Args:
        logits: (C, h, w) float32.
        labels: The label set.

    Raises:
        ModelError: They do not.
    """
    if logits.ndim != 3 or len(logits) != labels.num_classes:
        raise ModelError(
            received=f"logits of shape {logits.shape}",
            expected=f"({labels.num_classes}, h, w), a channel for each class of {labels.name}",
            fix="use the label set that the network was trained with",
        )


def _chunks(logits: NDArray[np.float32], fit: Fit) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield rows of the camera image, and their interpolated logits inside the canvas's columns."""
    image_rows, _ = fit.image_part
    y, x = fit_samples(fit, *logits.shape[1:])
    step = max(1, _CHUNK_VALUES // (len(logits) * len(x.low)))
    for start in range(0, len(y.low), step):
        part = slice(start, start + step)
        chunk = _interpolate(logits, AxisSamples(y.low[part], y.high[part], y.weight[part]), x)
        first = image_rows.start + start
        yield slice(first, first + chunk.shape[1]), chunk


def _interpolate(
    logits: NDArray[np.float32], y: AxisSamples, x: AxisSamples
) -> NDArray[np.float32]:
    first, last = int(y.low[0]), int(y.high[-1])
    needed = logits[:, first : last + 1].astype(np.float32, copy=False)
    wide = _blend(needed[:, :, x.low], needed[:, :, x.high], x.weight)
    return _blend(wide[:, y.low - first], wide[:, y.high - first], y.weight[:, None])


def _blend(
    a: NDArray[np.float32], b: NDArray[np.float32], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    blended: NDArray[np.float32] = a * (np.float32(1) - weight) + b * weight
    return blended
