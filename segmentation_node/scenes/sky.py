"""The sky, and the line of far houses and trees below it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.scenes import palette as p
from segmentation_node.scenes.camera import Camera
from segmentation_node.scenes.noise import fractal_noise


def sky(rng: np.random.Generator, camera: Camera, overcast: float) -> NDArray[np.uint8]:
    """Draw the whole picture's worth of sky.

    Args:
        rng: Source of randomness.
        camera: Where from.
        overcast: 0 for a blue sky, 1 for a grey one.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    rows = np.linspace(0, 1, camera.height, dtype=np.float32)[:, None, None]
    blue = np.array(p.hsv(rng.uniform(205, 220), rng.uniform(0.25, 0.6), rng.uniform(0.75, 0.98)))
    grey = np.array(p.jitter(rng, (222, 220, 218), 18))
    top = blue * (1 - overcast) + grey * overcast
    color = top * (1 - 0.75 * rows) + np.array((240, 238, 235)) * 0.75 * rows
    clouds = fractal_noise(rng, camera.height, camera.width, 3, 0.5)[..., None]
    share = np.clip((clouds - 0.45) * 2.2, 0, 1) * rng.uniform(0.2, 0.9)
    picture: NDArray[np.uint8] = np.clip(color * (1 - share) + 246 * share, 0, 248).astype(np.uint8)
    return picture


def skyline(
    rng: np.random.Generator,
    camera: Camera,
    image: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    haze: float,
) -> None:
    """Draw far houses and trees along the horizon, in place.

    Args:
        rng: Source of randomness.
        camera: Where from.
        image: (H, W, 3) uint8 BGR.
        labels: (H, W) uint8 class ids.
        haze: Grey level that they fade into, 0 to 255.
    """
    base = int(camera.horizon_row) + 1
    tall = camera.focal_px * 10 / 150
    left = 0
    while left < camera.width:
        width = int(rng.uniform(0.02, 0.12) * camera.width) + 1
        height = int(tall * rng.uniform(0.3, 1.3)) + 1
        top, right = max(0, base - height), min(left + width, camera.width)
        is_tree = rng.random() < 0.5
        tint = p.hsv(90, 0.3, 0.3) if is_tree else p.PLASTER[rng.integers(len(p.PLASTER))]
        color = np.array(tint) * 0.55 + haze * 0.45
        if is_tree:
            center = ((left + right) // 2, base)
            cv2.ellipse(
                image,
                center,
                (width * 2 // 3 + 1, height),
                0,
                180,
                360,
                tuple(map(float, color)),
                -1,
            )
            cv2.ellipse(labels, center, (width * 2 // 3 + 1, height), 0, 180, 360, p.TREE, -1)
        else:
            image[top:base, left:right] = color.astype(np.uint8)
            labels[top:base, left:right] = p.BUILDING
        left += width
