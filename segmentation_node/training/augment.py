"""Random changes to a training image that leave what it shows the same.

Geometry moves image and labels together by one affine map; the photometric part stands for what
cameras and weather do: exposure, dusk, colour casts, blur, sensor noise and JPEG.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import NO_CLASS
from segmentation_node.errors import ConfigError

Bytes = NDArray[np.uint8]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Augmentation:
    """How far a training image may be changed.

    Args:
        crop_height: Pixels of what comes out.
        crop_width: Pixels of what comes out.
        height: Pixels; an image of any size is first taken to be this high, so that data sets of
            all sizes are seen at the same scales.
        scale_low: Smallest factor of that size.
        scale_high: Largest factor of that size.
        aspect: Largest relative change of width against height.
        rotation_deg: Largest rotation either way, degrees.
        flip: Probability of mirroring left and right.
        color: Strength of brightness, contrast, saturation and hue changes; 0 leaves them out.
        darkness: Probability of a dusk: a darker image with more noise.
        degradation: Probability, each, of blur, noise and JPEG.
        pad: (3,) int BGR 0..255, what is seen outside the image.
    """

    crop_height: int = 320
    crop_width: int = 320
    height: int = 360
    scale_low: float = 0.65
    scale_high: float = 2.1
    aspect: float = 0.1
    rotation_deg: float = 2.0
    flip: float = 0.5
    color: float = 0.25
    darkness: float = 0.1
    degradation: float = 0.1
    pad: tuple[int, int, int] = (127, 127, 127)

    def __post_init__(self) -> None:
        if self.crop_height < 1 or self.crop_width < 1:
            raise _bad(f"a crop of {self.crop_height}x{self.crop_width}", "at least 1x1 pixels")
        if self.height < 1:
            raise _bad(f"images taken to be {self.height} pixels high", "at least 1")
        if not 0 < self.scale_low <= self.scale_high:
            raise _bad(f"scales {self.scale_low} to {self.scale_high}", "0 < low <= high")
        for name in ("flip", "darkness", "degradation", "color"):
            if not 0 <= getattr(self, name) <= 1:
                raise _bad(f"{name} {getattr(self, name)}", "a value from 0 to 1")


def augment(
    image: Bytes, channels: Bytes, settings: Augmentation, rng: np.random.Generator
) -> tuple[Bytes, Bytes]:
    """Change an image at random, and its labels with it.

    Args:
        image: (H, W, 3) uint8 BGR.
        channels: (H, W) uint8, the class of each pixel; 255 where there is none.
        settings: How far.
        rng: Where randomness comes from.

    Returns:
        (crop_height, crop_width, 3) uint8 BGR, and (crop_height, crop_width) uint8.
    """
    matrix = _geometry(image.shape[0], image.shape[1], settings, rng)
    size = (settings.crop_width, settings.crop_height)
    moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderValue=settings.pad)
    moved_channels = cv2.warpAffine(
        channels, matrix, size, flags=cv2.INTER_NEAREST, borderValue=NO_CLASS
    )
    return photometric(np.asarray(moved), settings, rng), np.asarray(moved_channels)


def _geometry(height: int, width: int, settings: Augmentation, rng: np.random.Generator) -> Matrix:
    """(2, 3) float64: the affine map from image to crop."""
    scale = math.exp(rng.uniform(math.log(settings.scale_low), math.log(settings.scale_high)))
    scale *= settings.height / height
    stretch = 1 + rng.uniform(-settings.aspect, settings.aspect)
    angle = math.radians(rng.uniform(-settings.rotation_deg, settings.rotation_deg))
    mirror = -1.0 if rng.random() < settings.flip else 1.0
    across, down = scale * stretch, scale
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = turn @ np.diag([mirror * across, down])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    target = np.array([(settings.crop_width - 1) / 2, (settings.crop_height - 1) / 2])
    room = np.array([across * width - settings.crop_width, down * height - settings.crop_height])
    # Where the image is larger than the crop the crop roams inside it; where it is smaller the
    # image roams inside the crop, and what is left over is padding.
    shift = rng.uniform(-0.5, 0.5, 2) * np.abs(room)
    return np.column_stack([linear, target + shift - linear @ centre])


def photometric(image: Bytes, settings: Augmentation, rng: np.random.Generator) -> Bytes:
    """Change colours and sharpness at random.

    Args:
        image: (H, W, 3) uint8 BGR.
        settings: How far.
        rng: Where randomness comes from.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    if settings.color > 0:
        image = _recolored(image, settings.color, rng)
    dark = rng.random() < settings.darkness
    if dark:
        image = _darkened(image, rng)
    if rng.random() < settings.degradation:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.5)))
    if dark or rng.random() < settings.degradation:
        image = _noisy(image, rng.uniform(2, 12), rng)
    if rng.random() < settings.degradation:
        image = _jpeg(image, int(rng.integers(30, 90)))
    return image


def _recolored(image: Bytes, strength: float, rng: np.random.Generator) -> Bytes:
    """Contrast, brightness and a colour cast through one table per channel; then saturation."""
    contrast = 1 + rng.uniform(-strength, strength)
    gamma = math.exp(rng.uniform(-strength, strength))
    cast = 1 + rng.uniform(-strength / 3, strength / 3, 3)
    shift = 255 * rng.uniform(-strength / 3, strength / 3)
    levels = 255 * (np.arange(256) / 255) ** gamma
    table = (levels[:, None] - 127) * contrast * cast + 127 + shift
    recolored = cv2.LUT(image, _as_table(table))
    grey = cv2.cvtColor(cv2.cvtColor(recolored, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    saturation = 1 + rng.uniform(-strength, strength)
    return np.asarray(cv2.addWeighted(recolored, saturation, grey, 1 - saturation, 0))


def _darkened(image: Bytes, rng: np.random.Generator) -> Bytes:
    """Fewer photons: a gain below one, and the bluish or yellowish cast of dusk and lamps."""
    gain = rng.uniform(0.2, 0.7)
    warmth = rng.uniform(-0.2, 0.2)
    cast = np.array([1 - warmth, 1, 1 + warmth])
    levels = 255 * (np.arange(256) / 255) ** rng.uniform(1.0, 1.6)
    return np.asarray(cv2.LUT(image, _as_table(levels[:, None] * gain * cast)))


def _as_table(values: Matrix) -> Bytes:
    """(256, 3) float to the (1, 256, 3) uint8 that cv2.LUT takes."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)[None]


def _noisy(image: Bytes, sigma: float, rng: np.random.Generator) -> Bytes:
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(sigma)
    noisy: Bytes = np.clip(image + noise, 0, 255).astype(np.uint8)
    return noisy


def _jpeg(image: Bytes, quality: int) -> Bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _bad(received: str, expected: str) -> ConfigError:
    return ConfigError(received, expected, "correct the recipe's augmentation")
