"""Light and weather: what day, dusk, night and rain do to a picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.scenes import palette as p
from segmentation_node.scenes.camera import Camera


@dataclass(frozen=True)
class Light:
    """How bright and which colour the light is, and how wet the street.

    Args:
        ambient: Brightness of everything, 1 for day.
        tint: BGR factors.
        overcast: 0 for a blue sky, 1 for a grey one.
        haze_per_m: Share of the light lost to haze for each metre.
        lamps: Strength of headlights and street lamps, 0 to 1.
        rain: Strength of the rain, 0 to 1.
        sky: Brightness of the sky beyond that of everything.
    """

    ambient: float
    tint: tuple[float, float, float]
    overcast: float
    haze_per_m: float
    lamps: float
    rain: float
    sky: float


DAY = Light(1.0, (1.0, 1.0, 1.0), 0.4, 0.004, 0.0, 0.0, 1.0)
DUSK = Light(0.5, (1.0, 0.94, 0.97), 0.7, 0.006, 0.25, 0.0, 1.15)
NIGHT = Light(0.17, (1.1, 0.97, 0.93), 1.0, 0.005, 1.0, 0.0, 0.45)
RAIN = Light(0.72, (1.03, 1.0, 0.96), 1.0, 0.014, 0.15, 1.0, 0.95)


def blend(first: Light, second: Light, share: float) -> Light:
    """Light between two lights; 0 is the first one."""

    def mix(a: float, b: float) -> float:
        return a * (1 - share) + b * share

    b, g, r = (mix(a, c) for a, c in zip(first.tint, second.tint, strict=True))
    return Light(
        # Eyes and cameras see ratios of brightness, so it falls by ratios.
        float(np.exp(mix(np.log(first.ambient), np.log(second.ambient)))),
        (b, g, r),
        mix(first.overcast, second.overcast),
        mix(first.haze_per_m, second.haze_per_m),
        mix(first.lamps, second.lamps),
        mix(first.rain, second.rain),
        mix(first.sky, second.sky),
    )


def apply(
    image: NDArray[np.uint8], labels: NDArray[np.uint8], light: Light, camera: Camera
) -> NDArray[np.float32]:
    """Light a picture that was painted in plain daylight.

    Args:
        image: (H, W, 3) uint8 BGR.
        labels: (H, W) uint8 class ids.
        light: The light.
        camera: Where from.

    Returns:
        (H, W, 3) float32 BGR, 0 to about 255.
    """
    lit = image.astype(np.float32)
    if light.rain > 0:
        flat = (labels == p.ROAD) | (labels == p.PAVEMENT)
        _wet(lit, flat, light.rain, camera)
    is_sky = labels == p.SKY
    sky = is_sky.astype(np.float32)
    brightness = light.ambient * (1 + (light.sky - 1) * sky)
    if light.lamps > 0.05:
        brightness += light.lamps * (_headlights(camera) + _street_lamps(camera)) * (1 - sky)
    cv2.multiply(lit, cv2.merge([brightness * tint for tint in light.tint]), dst=lit)
    if light.lamps > 0.05:
        _glow(lit, np.where(is_sky[..., None], 0, image), light.lamps)
    return lit


@lru_cache(maxsize=4)
def _headlights(camera: Camera) -> NDArray[np.float32]:
    rows = np.arange(camera.height, dtype=np.float32)[:, None]
    columns = np.arange(camera.width, dtype=np.float32)[None]
    below = (rows - camera.horizon_row) / camera.height
    wide = (columns - camera.width / 2) / camera.width
    beam = np.exp(-((below - 0.16) ** 2) / 0.03 - wide**2 / (0.02 + 0.25 * np.maximum(below, 0)))
    return 0.55 * beam.astype(np.float32)


@lru_cache(maxsize=4)
def _street_lamps(camera: Camera) -> NDArray[np.float32]:
    """Lamps light the street and what stands along it up to their own height, not the roofs."""
    rows = np.arange(camera.height, dtype=np.float32)[:, None]
    above = np.maximum(camera.horizon_row - rows, 0) / camera.height
    return np.broadcast_to(0.16 * np.exp(-((above / 0.22) ** 2)), (camera.height, camera.width))


def _glow(lit: NDArray[np.float32], image: NDArray[np.uint8], lamps: float) -> None:
    # Painted lamps are the only things of full brightness in plain daylight.
    bright = np.where((image.max(axis=2) > 250)[..., None], image, 0).astype(np.float32)
    size = max(3, image.shape[1] // 60) | 1
    lit += lamps * (0.35 * bright + 0.9 * cv2.blur(bright, (size, size)))


def _wet(lit: NDArray[np.float32], flat: NDArray[np.bool_], rain: float, camera: Camera) -> None:
    first = int(np.clip(camera.horizon_row + 2, 0, camera.height - 1))
    rows = min(camera.height - first, first)
    if rows < 1:
        return
    mirrored = cv2.blur(lit[first - rows : first][::-1], (3, max(3, camera.height // 30)))
    # The flatter the view on the road, the more it mirrors (Fresnel).
    fall = np.linspace(1, 0, rows, dtype=np.float32)[:, None, None]
    share = 0.45 * rain * fall * flat[first : first + rows, :, None]
    lit[first:] *= 1 - 0.25 * rain * flat[first:, :, None]
    lit[first : first + rows] = lit[first : first + rows] * (1 - share) + mirrored * share
