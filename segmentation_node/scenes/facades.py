"""Fronts of buildings: walls with rows of windows, shops at street level, cornices and doors."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.scenes import palette as p
from segmentation_node.scenes.noise import fractal_noise

PIXELS_PER_M = 22


def facade(rng: np.random.Generator, width_m: float, height_m: float) -> NDArray[np.uint8]:
    """Draw a front of a building.

    Args:
        rng: Source of randomness.
        width_m: Metres along the street.
        height_m: Metres.

    Returns:
        (h, w, 3) uint8 BGR.
    """
    h, w = int(height_m * PIXELS_PER_M), int(width_m * PIXELS_PER_M)
    wall = p.jitter(rng, p.PLASTER[rng.integers(len(p.PLASTER))], 22)
    grain = 0.82 + 0.36 * fractal_noise(rng, h, w, 3, 0.75)
    image: NDArray[np.uint8] = np.clip(np.array(wall) * grain[..., None], 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _bricks(rng, image)
    storey = rng.uniform(2.7, 3.6) * PIXELS_PER_M
    _windows(rng, image, wall, storey)
    _street_level(rng, image, int(storey))
    cv2.rectangle(image, (0, 0), (w, max(2, h // 40)), p.jitter(rng, wall, 40), -1)
    return image


def _bricks(rng: np.random.Generator, image: NDArray[np.uint8]) -> None:
    rows = np.arange(len(image)) % 4 == 0
    image[rows] = (image[rows] * rng.uniform(0.8, 0.95)).astype(np.uint8)


def _windows(
    rng: np.random.Generator, image: NDArray[np.uint8], wall: p.Color, storey: float
) -> None:
    h, w = image.shape[:2]
    pitch = rng.uniform(1.6, 3.6) * PIXELS_PER_M
    share_w, share_h = rng.uniform(0.3, 0.7), rng.uniform(0.4, 0.66)
    frame = p.jitter(rng, (210, 215, 215) if rng.random() < 0.6 else wall, 25)
    bottom = h - storey * 1.1
    while bottom > storey * 0.8:
        for x in np.arange(pitch * 0.3, w - pitch * 0.6, pitch):
            _window(
                rng, image, (x, bottom - storey * share_h, pitch * share_w, storey * share_h), frame
            )
        bottom -= storey


def _window(
    rng: np.random.Generator,
    image: NDArray[np.uint8],
    box: tuple[float, float, float, float],
    frame: p.Color,
) -> None:
    x, y, w, h = (int(v) for v in box)
    glass = p.jitter(rng, (85, 75, 65) if rng.random() < 0.75 else (190, 180, 170), 25)
    cv2.rectangle(image, (x - 2, y - 2), (x + w + 2, y + h + 2), frame, -1)
    cv2.rectangle(image, (x, y), (x + w, y + h), glass, -1)
    if rng.random() < 0.5:  # a curtain or a reflection
        cv2.rectangle(
            image,
            (x, y),
            (x + w, y + int(h * rng.uniform(0.2, 0.6))),
            p.jitter(rng, (150, 150, 150), 40),
            -1,
        )
    cv2.line(image, (x + w // 2, y), (x + w // 2, y + h), frame, 1)
    cv2.line(image, (x, y + h // 2), (x + w, y + h // 2), frame, 1)


def _street_level(rng: np.random.Generator, image: NDArray[np.uint8], storey: int) -> None:
    h, w = image.shape[:2]
    shops = rng.random() < 0.5
    x = 0
    while x < w - PIXELS_PER_M:
        width = int(rng.uniform(2.5, 5.5) * PIXELS_PER_M)
        if shops:
            _shop(rng, image, x, min(x + width, w), storey)
        elif rng.random() < 0.5:
            door = p.jitter(rng, (50, 50, 70), 35)
            cv2.rectangle(
                image,
                (x + width // 3, h - int(storey * 0.75)),
                (x + width // 3 + PIXELS_PER_M, h),
                door,
                -1,
            )
        x += width


def _shop(
    rng: np.random.Generator, image: NDArray[np.uint8], left: int, right: int, storey: int
) -> None:
    h = image.shape[0]
    board = p.hsv(rng.uniform(0, 360), rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.85))
    top = h - storey
    cv2.rectangle(image, (left + 2, top), (right - 2, h), p.jitter(rng, (70, 70, 70), 30), -1)
    cv2.rectangle(image, (left + 2, top), (right - 2, top + storey // 5), board, -1)
    pane = p.jitter(rng, (60, 60, 60) if rng.random() < 0.6 else (130, 140, 150), 25)
    cv2.rectangle(image, (left + 8, top + storey // 4), (right - 8, h - storey // 6), pane, -1)
    for _ in range(int(rng.integers(2, 9))):  # goods behind the glass
        x, y = (
            rng.integers(left + 8, max(right - 8, left + 9)),
            rng.integers(top + storey // 3, h - storey // 6),
        )
        cv2.rectangle(
            image,
            (int(x), int(y)),
            (int(x) + 6, int(y) + 9),
            p.hsv(rng.uniform(0, 360), 0.5, rng.uniform(0.2, 0.9)),
            -1,
        )


def railing(rng: np.random.Generator, width_m: float, height_m: float) -> NDArray[np.uint8]:
    """Draw a fence: boards, a wall of bricks, a hedge-like mesh, or bars.

    Args:
        rng: Source of randomness.
        width_m: Metres along the street.
        height_m: Metres.

    Returns:
        (h, w, 3) uint8 BGR.
    """
    h, w = max(8, int(height_m * 30)), int(width_m * 30)
    color = p.jitter(
        rng, ((90, 100, 110), (60, 75, 100), (70, 70, 70), (50, 80, 60))[rng.integers(4)], 22
    )
    grain = 0.75 + 0.5 * fractal_noise(rng, h, w, 3, 0.8)
    image: NDArray[np.uint8] = np.clip(np.array(color) * grain[..., None], 0, 255).astype(np.uint8)
    step = int(rng.integers(5, 14))
    if rng.random() < 0.7:
        image[:, ::step] = (image[:, ::step] * 0.55).astype(np.uint8)
    image[: max(1, h // 14)] = (image[: max(1, h // 14)] * 0.7).astype(np.uint8)
    return image
