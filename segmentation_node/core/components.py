"""Connected components of a mask: what stands for single things where nobody marked instances."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Components:
    """The connected components of one mask.

    Attributes:
        index: (H, W) int32: number of each pixel's component, from 0; -1 outside the mask.
        area_px: (n,) int64: pixels of each component.
        foot_row: (n,) int64: the row beneath its lowest pixel.
    """

    index: NDArray[np.int32]
    area_px: NDArray[np.int64]
    foot_row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.area_px)


def components(mask: NDArray[np.bool_]) -> Components:
    """Find the components of a mask; pixels that touch at a corner are connected.

    Args:
        mask: (H, W) bool.
    """
    _, index, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    # Row 0 describes what is outside the mask.
    rows = np.asarray(stats[1:], np.int64)
    foot = rows[:, cv2.CC_STAT_TOP] + rows[:, cv2.CC_STAT_HEIGHT]
    return Components(np.asarray(index - 1, np.int32), rows[:, cv2.CC_STAT_AREA], foot)
