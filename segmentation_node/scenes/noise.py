"""Fractal noise: the grain of asphalt, plaster, foliage and clouds."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def fractal_noise(
    rng: np.random.Generator, height: int, width: int, coarse: int = 4, persistence: float = 0.55
) -> NDArray[np.float32]:
    """Sum of ever finer random grids, each weaker by `persistence`.

    Args:
        rng: Source of randomness.
        height: Pixels.
        width: Pixels.
        coarse: Cells of the coarsest grid along the shorter side.
        persistence: Amplitude of each octave over that of the one before.

    Returns:
        (height, width) float32 in [0, 1], tileable in neither direction.
    """
    total = np.zeros((height, width), np.float32)
    cells, amplitude = coarse, 1.0
    while cells < min(height, width):
        rows = max(2, round(cells * height / min(height, width)))
        columns = max(2, round(cells * width / min(height, width)))
        grid = rng.random((rows, columns), np.float32)
        total += amplitude * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        cells, amplitude = cells * 2, amplitude * persistence
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def tileable(texture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mirror a texture in both directions, so that its repetitions meet without a seam."""
    return np.block([[texture, texture[:, ::-1]], [texture[::-1], texture[::-1, ::-1]]])
