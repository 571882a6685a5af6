"""How much of a camera image lies outside the range that an INT8 network's input tells."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray


class ClippedShare:
    """Counts the pixel values that the quantised input cannot tell from its largest ones.

    Args:
        mean: (3,) subtracted from pixel values 0..255, in the network's channel order.
        std: (3,) that the rest is divided by.
        order: The network's channel order, `rgb` or `bgr`.
        largest: Largest magnitude of the normalised input that INT8 tells.
    """

    def __init__(
        self, mean: Sequence[float], std: Sequence[float], order: str, largest: float
    ) -> None:
        levels = np.arange(256)[:, None]
        magnitudes = np.abs((levels - np.asarray(mean)) / np.asarray(std))
        beyond = magnitudes > largest
        in_bgr = beyond[:, ::-1] if order == "rgb" else beyond
        # (1, 256, 3): a table for each channel, looked up in one call.
        self._table = np.ascontiguousarray(in_bgr, np.uint8)[None]

    def __call__(self, bgr: NDArray[np.uint8]) -> float:
        """The share of an image's values that clip, 0 to 1.

        Args:
            bgr: (H, W, 3) uint8 BGR.
        """
        return float(sum(cv2.mean(cv2.LUT(bgr, self._table))[:3])) / 3
