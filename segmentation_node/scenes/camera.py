"""The camera of the rendered drives: a pinhole above a flat road that may bend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR_M = 1.2
"""Metres; what is nearer than this is not drawn."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera that looks along the road.

    World coordinates are metres from the camera's foot: x to the right, y up, z along the road.
    On a bending road, z follows the road and x is measured from it.

    Args:
        height: Pixels of the image.
        width: Pixels of the image.
        focal_px: Focal length in pixels.
        mount_m: Height of the camera above the road in metres.
        horizon_row: Image row at which the road vanishes, in pixels.
        bend_per_m: Curvature of the road in 1/m; positive bends to the right.
    """

    height: int
    width: int
    focal_px: float
    mount_m: float
    horizon_row: float
    bend_per_m: float = 0.0

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project points of the world.

        Args:
            points: (..., 3) float64 x, y, z in metres.

        Returns:
            (..., 2) float64 column and row in pixels.
        """
        z = np.maximum(points[..., 2], NEAR_M)
        x = points[..., 0] + self.bend_per_m * z * z / 2
        column = self.width / 2 + self.focal_px * x / z
        row = self.horizon_row + self.focal_px * (self.mount_m - points[..., 1]) / z
        return np.stack([column, row], axis=-1)

    def ground(self) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        """Where each pixel below the horizon meets the road.

        Returns:
            (n, W) float32 x in metres from the road's axis, (n, 1) float32 z in metres, and the
            first of the n rows.
        """
        first = int(np.clip(np.floor(self.horizon_row) + 1, 0, self.height))
        rows = np.arange(first, self.height, dtype=np.float32)[:, None] + 0.5
        z = self.focal_px * self.mount_m / np.maximum(rows - self.horizon_row, 0.25)
        columns = np.arange(self.width, dtype=np.float32)[None] + 0.5 - self.width / 2
        x = columns * z / self.focal_px - self.bend_per_m * z * z / 2
        return x.astype(np.float32), z.astype(np.float32), first


def beyond_near(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut a polygon off where it comes too near (Sutherland and Hodgman, 1974, for one plane).

    Args:
        points: (n, 3) float64 x, y, z in metres.

    Returns:
        (m, 3) float64: the part of it that lies beyond `NEAR_M`; m may be 0.
    """
    far = points[:, 2] >= NEAR_M
    if far.all():
        return points
    kept: list[NDArray[np.float64]] = []
    for index, point in enumerate(points):
        before = points[index - 1]
        if far[index] != far[index - 1]:
            share = (NEAR_M - before[2]) / (point[2] - before[2])
            kept.append(before + share * (point - before))
        if far[index]:
            kept.append(point)
    return np.array(kept).reshape(-1, 3)
