"""From a camera image to the network's input: the definition that every fast path must meet."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.encodings import to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit
from segmentation_node.errors import FrameError

Triple = tuple[float, float, float]
Color = tuple[int, int, int]


class InputValues(Protocol):
    """What a network wants its input's values to be; `model.InputSpec` is one."""

    @property
    def mean(self) -> Triple:
        """(3,) float in 0..255, in the network's channel order."""

    @property
    def std(self) -> Triple:
        """(3,) float above 0, on the same scale."""

    @property
    def order(self) -> str:
        """Channel order, `rgb` or `bgr`."""

    @property
    def pad_bgr(self) -> Color:
        """(3,) int BGR, 0..255: the colour of the padding."""


def place_on_canvas(
    bgr: NDArray[np.uint8], fit: Fit, pad_bgr: Color, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Cut an image to the canvas, or surround it with padding.

    Args:
        bgr: (H, W, 3) uint8 BGR, camera image.
        fit: How the image is fitted.
        pad_bgr: (3,) int BGR, 0..255: the colour of the padding.
        out: (canvas height, canvas width, 3) uint8 to write to, or None.

    Returns:
        (canvas height, canvas width, 3) uint8 BGR: `out` where it is given, else a view of the
        image where no padding is needed, and a new array where it is.

    Raises:
        FrameError: The image is of another size than it was fitted for.
    """
    _check_image(bgr, fit)
    part = bgr[fit.image_part]
    if out is None and not fit.is_padded:
        return part
    if out is None:
        out = np.empty((fit.canvas_height, fit.canvas_width, 3), np.uint8)
    if fit.is_padded:
        out[:] = pad_bgr
    out[fit.canvas_part] = part
    return out


def resize_to_network(
    bgr: NDArray[np.uint8], fit: Fit, pad_bgr: Color, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Bring an image to the network's size: onto the canvas, then bilinear by OpenCV.

    Args:
        bgr: (H, W, 3) uint8 BGR, camera image.
        fit: How the image is fitted.
        pad_bgr: (3,) int BGR, 0..255: the colour of the padding.
        out: (network height, network width, 3) uint8 to write to, or None.

    Returns:
        (network height, network width, 3) uint8 BGR; `out` where it is given.

    Raises:
        FrameError: The image is of another size than it was fitted for.
    """
    return resize_canvas(place_on_canvas(bgr, fit, pad_bgr), fit, out)


def resize_canvas(
    canvas: NDArray[np.uint8], fit: Fit, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Bring a canvas to the network's size, bilinear by OpenCV.

    Args:
        canvas: (canvas height, canvas width, 3) uint8 BGR, from `place_on_canvas`.
        fit: How the image is fitted.
        out: (network height, network width, 3) uint8 to write to, or None.

    Returns:
        (network height, network width, 3) uint8 BGR; `out` where it is given.
    """
    size = (fit.network.width, fit.network.height)
    if canvas.shape[:2] == (1, 1):
        canvas = np.repeat(canvas, 2, axis=1)  # OpenCV 4.5 takes no image of a single pixel
    resized = cv2.resize(canvas, size, dst=out, interpolation=cv2.INTER_LINEAR)
    if out is not None and resized is not out:
        np.copyto(out, resized)
        return out
    return np.asarray(resized, np.uint8)


def normalise(bgr: NDArray[np.uint8], values: InputValues) -> NDArray[np.float32]:
    """Scale pixel values to what the network was trained on: (x - mean) / std.

    Args:
        bgr: (h, w, 3) uint8 BGR, at the network's size.
        values: Mean, std and channel order.

    Returns:
        (1, 3, h, w) float32, in the network's channel order.
    """
    ordered = bgr[:, :, ::-1] if values.order == "rgb" else bgr
    mean = np.asarray(values.mean, np.float32)
    std = np.asarray(values.std, np.float32)
    scaled = (ordered.astype(np.float32) - mean) / std
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def preprocess(frame: Frame, fit: Fit, values: InputValues) -> NDArray[np.float32]:
    """Turn a frame into the network's input.

    Args:
        frame: The frame, in any encoding.
        fit: How its image is fitted.
        values: Mean, std, channel order and padding.

    Returns:
        (1, 3, h, w) float32, in the network's channel order.

    Raises:
        FrameError: The frame cannot be converted, or was not what the fit was made for.
    """
    return normalise(resize_to_network(to_bgr(frame), fit, values.pad_bgr), values)


def _check_image(bgr: NDArray[np.uint8], fit: Fit) -> None:
    shape = (fit.image_height, fit.image_width, 3)
    if bgr.shape != shape:
        raise FrameError(
            received=f"an image of shape {bgr.shape}",
            expected=f"{shape}, as it was fitted for",
            fix="make a new fit when the camera's size changes",
        )
