"""The parts of a picture: images resized, coloured and blended for looking at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def resized(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Resize a camera image for looking at.

    Args:
        image: (H, W, 3) uint8.
        height: Pixels wanted.
        width: Pixels wanted.

    Returns:
        (height, width, 3) uint8.
    """
    shrinks = height < image.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def resized_labels(labels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Resize a label image: every pixel stays one of the ids.

    Args:
        labels: (H, W) uint8 class ids.
        height: Pixels wanted.
        width: Pixels wanted.

    Returns:
        (height, width) uint8.
    """
    how = cv2.INTER_NEAREST
    return np.asarray(cv2.resize(labels, (width, height), interpolation=how), np.uint8)


def tinted(
    image: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    alpha: float = 0.55,
) -> NDArray[np.uint8]:
    """Lay the colours of the classes over an image.

    Args:
        image: (H, W, 3) uint8 BGR.
        labels: (H, W) uint8 class ids.
        palette: (256, 3) uint8 RGB by class id.
        alpha: 0 shows the image alone, 1 the colours alone.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    colors = np.take(palette[:, ::-1], labels, axis=0)
    return np.asarray(cv2.addWeighted(colors, alpha, image, 1 - alpha, 0), np.uint8)


def framed_height(shape: tuple[int, ...], width: int) -> int:
    """The even height at which an image of some shape (H, W, ...) fills a width, pixels."""
    return max(2, round(shape[0] * width / shape[1] / 2) * 2)
