"""The light of an image in three figures: the one definition that is calibrated and compared by."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ImageStatistics:
    """The light of one image, or its mean over several.

    Args:
        luminance: Mean luma (Rec. 601), 0..255.
        contrast: Standard deviation of the luma, in the same unit.
        saturation: Mean HSV saturation, 0..255.
    """

    luminance: float
    contrast: float
    saturation: float


def image_statistics(bgr: NDArray[np.uint8]) -> ImageStatistics:
    """Measure an image, or pixels sampled from one.

    Args:
        bgr: (H, W, 3) uint8 BGR.
    """
    mean, deviation = cv2.meanStdDev(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY))
    saturation = cv2.mean(cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV))[1]
    return ImageStatistics(float(mean[0, 0]), float(deviation[0, 0]), float(saturation))
