"""What a real camera adds: softness, exposure, colour cast, vignetting, noise and raindrops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sensor:
    """One camera.

    Args:
        blur_px: Standard deviation of the softness, for an image 720 pixels high.
        gain: Exposure.
        cast: BGR factors.
        gamma: Of the tone curve; 1 changes nothing.
        noise: Standard deviation at mid grey, of 255.
        vignette: Loss of light in the corners, 0 to 1.
    """

    blur_px: float
    gain: float
    cast: tuple[float, float, float]
    gamma: float
    noise: float
    vignette: float


def sensor(rng: np.random.Generator) -> Sensor:
    """A camera at random."""
    blue, red = rng.normal(1, 0.05), rng.normal(1, 0.05)
    return Sensor(
        blur_px=float(rng.uniform(0.7, 1.7)),
        gain=float(rng.uniform(0.8, 1.2)),
        cast=(float(blue), 1.0, float(red)),
        gamma=float(rng.uniform(0.85, 1.2)),
        noise=float(rng.uniform(1.5, 5.0)),
        vignette=float(rng.uniform(0.05, 0.35)),
    )


def expose(
    light: NDArray[np.float32], camera: Sensor, rng: np.random.Generator, rain: float
) -> NDArray[np.uint8]:
    """Take the picture.

    Args:
        light: (H, W, 3) float32 BGR.
        camera: The camera.
        rng: Source of this frame's noise.
        rain: Strength of falling rain, 0 to 1.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    height, width = light.shape[:2]
    sigma = max(0.35, camera.blur_px * height / 720)
    picture = cv2.GaussianBlur(light, (0, 0), sigma)
    if rain > 0:
        picture += rain * _streaks(rng, height, width)[..., None]
    gains = [float(np.float32(factor) * camera.gain) for factor in camera.cast]
    picture *= _falloff(height, width, camera.vignette, tuple(gains))
    exposed = cv2.LUT(cv2.convertScaleAbs(picture, alpha=1 / 1.2), _tone(camera.gamma))
    cv2.setRNGSeed(int(rng.integers(2**31)))
    grain = np.empty(exposed.shape, np.int8)
    cv2.randn(grain, (0, 0, 0), (camera.noise,) * 3)
    picture_u8: NDArray[np.uint8] = cv2.add(exposed, grain, dtype=cv2.CV_8U)
    return picture_u8


def _tone(gamma: float) -> NDArray[np.uint8]:
    level = np.arange(256, dtype=np.float32) / 255 * 1.2
    curve: NDArray[np.uint8] = np.clip(255 * level**gamma, 0, 255).astype(np.uint8)
    return curve


@lru_cache(maxsize=4)
def _falloff(
    height: int, width: int, strength: float, gains: tuple[float, ...]
) -> NDArray[np.float32]:
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    falloff = 1 - strength * (x * x + y * y) / 2
    return (falloff[..., None] * np.array(gains, np.float32)).astype(np.float32)


def _streaks(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    drops = np.zeros((height, width), np.float32)
    count = max(4, width * height // 9000)
    x, y = rng.integers(0, width, count), rng.integers(0, height, count)
    for left, top in zip(x.tolist(), y.tolist(), strict=True):
        cv2.line(drops, (left, top), (left - 1, top + height // 18), 40.0, 1)
    streaks: NDArray[np.float32] = cv2.blur(drops, (1, 3))
    return streaks
