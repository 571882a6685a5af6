"""Upright things drawn once at high resolution and then scaled to their distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.scenes import palette as p
from segmentation_node.scenes.noise import fractal_noise


@dataclass(frozen=True)
class Sprite:
    """A picture of one thing, with its outline and its labels.

    Args:
        image: (h, w, 3) uint8 BGR.
        labels: (h, w) uint8 class ids; 255 where there is nothing.
        holes: (h, w) uint8: 1 where the background is seen through the thing. Such pixels have
            the thing's label all the same: people who label images draw round a tree, not round
            the sky between its leaves.
        height_m: Height of the picture in metres; its width follows from it.
        pole: Thickness of the pole that it has, as a share of its height; 0 where it has none.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    holes: NDArray[np.uint8]
    height_m: float
    pole: float = 0.0


NOTHING = 255
"""In a sprite's labels: here, what is behind it is seen."""


def _blank(height: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return np.zeros((height, width, 3), np.uint8), np.full((height, width), NOTHING, np.uint8)


def tree(rng: np.random.Generator) -> Sprite:
    """A tree: a trunk, and a crown of leaf clusters with light from above and gaps of sky."""
    h, w = 256, int(rng.integers(130, 250))
    image, labels = _blank(h, w)
    base = p.hsv(rng.uniform(55, 125), rng.uniform(0.15, 0.55), rng.uniform(0.18, 0.5))
    crown_bottom = rng.uniform(0.5, 0.88)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    ry, rx = crown_bottom * h / 2, w / 2
    radius = np.hypot((x - w / 2) / rx, (y - ry) / ry)
    lumps = fractal_noise(rng, h, w, 4, 0.7)
    crown = radius < 0.45 + 0.62 * lumps
    holes = np.zeros((h, w), np.uint8)
    if rng.random() < 0.35:  # a tree in winter shows sky between its twigs
        holes[crown & (fractal_noise(rng, h, w, 24, 0.8) < rng.uniform(0.3, 0.5))] = 1
    _trunk(rng, image, labels, int(ry))
    shade = 0.45 + 0.9 * fractal_noise(rng, h, w, 10, 0.85) - 0.35 * y / h + 0.15 * (lumps - 0.5)
    leaves = np.clip(np.array(base)[None, None] * shade[..., None] * 1.25, 0, 255)
    image[crown] = leaves[crown].astype(np.uint8)
    labels[crown] = p.TREE
    image[labels == NOTHING] = 0
    return Sprite(image, labels, holes, float(rng.uniform(5, 13)))


def _trunk(
    rng: np.random.Generator, image: NDArray[np.uint8], labels: NDArray[np.uint8], top: int
) -> None:
    """A trunk in bark that tapers from its roots and forks below the crown, unlike a pole."""
    h, w = labels.shape
    thick, lean = w * rng.uniform(0.03, 0.07), rng.normal(0, w / 20)
    middle = w / 2
    outline = np.array(
        [
            [middle - 1.7 * thick, h], [middle - 0.8 * thick, h - 12],
            [middle + lean - 0.4 * thick, top], [middle + lean + 0.4 * thick, top],
            [middle + 0.8 * thick, h - 12], [middle + 1.7 * thick, h],
        ]
    )  # fmt: skip
    mask = np.zeros_like(labels)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 1)
    fork = int(h - (h - top) * rng.uniform(0.5, 0.8))
    for side in (-1, 1):
        end = int(middle + side * w * rng.uniform(0.12, 0.3)), int(top * rng.uniform(0.6, 1.0))
        cv2.line(mask, (int(middle), fork), end, 1, max(2, int(thick * 0.7)))
    bark = np.array(p.jitter(rng, ((45, 60, 75), (70, 80, 85), (40, 48, 52))[rng.integers(3)], 14))
    # Furrows run along the trunk.
    grain = cv2.resize(fractal_noise(rng, max(h // 8, 2), w, 2, 0.9), (w, h))
    shaded = np.clip(bark * (0.5 + 1.0 * grain[..., None]), 0, 255).astype(np.uint8)
    image[mask > 0] = shaded[mask > 0]
    labels[mask > 0] = p.TREE


def _rounded(image: NDArray[np.uint8], columns: slice, color: p.Color) -> None:
    """Paint columns as a smooth cylinder, light from one side."""
    width = columns.stop - columns.start
    across = np.linspace(-1, 1, max(width, 2))[:width]
    shade = 0.55 + 0.75 * np.sqrt(np.clip(1 - (across + 0.25) ** 2 / 1.6, 0, 1))
    image[:, columns] = np.clip(np.array(color) * shade[:, None], 0, 250).astype(np.uint8)


def bush(rng: np.random.Generator) -> Sprite:
    """A hedge or a bush."""
    h, w = 96, int(rng.integers(100, 260))
    image, labels = _blank(h, w)
    y = np.mgrid[0:h, 0:w][0].astype(np.float32)
    top = h * (0.05 + 0.3 * fractal_noise(rng, 8, w, 4)[0])
    mask = y > top[None]
    base = p.hsv(rng.uniform(60, 120), rng.uniform(0.2, 0.55), rng.uniform(0.2, 0.45))
    shade = 0.4 + 0.9 * fractal_noise(rng, h, w, 12, 0.9) - 0.3 * y / h
    image[mask] = np.clip(np.array(base) * shade[..., None] * 1.2, 0, 255)[mask].astype(np.uint8)
    labels[mask] = p.TREE
    return Sprite(image, labels, np.zeros_like(labels), float(rng.uniform(0.9, 2.6)))


def lamp_post(rng: np.random.Generator) -> Sprite:
    """A lamp post with its arm."""
    h, w = 320, 96
    image, labels = _blank(h, w)
    color = p.jitter(rng, (115, 120, 120), 35)
    thick = int(rng.integers(6, 11))
    side = 1 if rng.random() < 0.5 else -1
    left = w // 2 - thick // 2
    _rounded(image[12:], slice(left, left + thick), color)
    labels[12:, left : left + thick] = p.POLE
    for target, value in ((image, color), (labels, p.POLE)):
        cv2.line(target, (w // 2, 12), (w // 2 + side * int(w * 0.4), 6), value, max(3, thick - 2))
    return Sprite(image, labels, np.zeros_like(labels), float(rng.uniform(5, 9)), thick / h)


def post(rng: np.random.Generator) -> Sprite:
    """A bollard or a bare post."""
    height_m = float(rng.uniform(0.9, 3.5))
    h, w = 120, round(120 * float(rng.uniform(0.12, 0.22)) / height_m)
    image, labels = _blank(h, w)
    _rounded(image, slice(0, w), p.jitter(rng, (105, 110, 112), 40))
    labels[:] = p.POLE
    return Sprite(image, labels, np.zeros_like(labels), height_m, w / h)


_SIGN_COLORS: tuple[p.Color, ...] = (
    (40, 40, 200),
    (170, 80, 20),
    (230, 230, 230),
    (30, 190, 230),
    (60, 120, 30),
    (40, 40, 40),
)


def _face(rng: np.random.Generator, image: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    w = labels.shape[1]
    outer, inner = rng.permutation(len(_SIGN_COLORS))[:2]
    center, radius = (w // 2, w // 2), w // 2 - 2
    kind = rng.integers(4)
    if kind == 0:
        cv2.circle(image, center, radius, _SIGN_COLORS[outer], -1)
        cv2.circle(image, center, radius * 3 // 4, _SIGN_COLORS[inner], -1)
        cv2.circle(labels, center, radius, p.SIGN, -1)
    elif kind == 1:
        corners = np.array([[w // 2, 2], [w - 2, w - 4], [2, w - 4]])
        cv2.fillPoly(image, [corners], (40, 40, 200))
        cv2.circle(image, (w // 2, int(w * 0.65)), w // 5, (230, 230, 230), -1)
        cv2.fillPoly(labels, [corners], p.SIGN)
    else:
        tall = int(rng.uniform(0.5, 1.4) * w)
        image[2:tall, 2:-2] = _SIGN_COLORS[outer]
        image[8 : tall - 6, 8:-8] = _SIGN_COLORS[inner]
        labels[2:tall, 2:-2] = p.SIGN


def sign(rng: np.random.Generator) -> Sprite:
    """A traffic sign on its post."""
    h, w = 256, 84
    image, labels = _blank(h, w)
    _rounded(image[30:], slice(w // 2 - 4, w // 2 + 4), p.jitter(rng, (130, 130, 130), 30))
    labels[30:, w // 2 - 4 : w // 2 + 4] = p.POLE
    _face(rng, image, labels)
    return Sprite(image, labels, np.zeros_like(labels), float(rng.uniform(2.3, 4.0)), 8 / h)


def traffic_light(rng: np.random.Generator) -> Sprite:
    """A traffic light on its post, one lamp lit."""
    h, w = 256, 48
    image, labels = _blank(h, w)
    _rounded(image[60:], slice(20, 29), p.jitter(rng, (100, 100, 100), 25))
    labels[60:, 20:29] = p.POLE
    image[4:80, 8:40] = 25
    labels[4:80, 8:40] = p.SIGN
    lit = int(rng.integers(3))
    for i, color in enumerate(((60, 60, 250), (60, 190, 250), (120, 240, 90))):
        dim = 1.0 if i == lit else 0.2
        cv2.circle(image, (24, 17 + 25 * i), 9, tuple(c * dim for c in color), -1)
    return Sprite(image, labels, np.zeros_like(labels), float(rng.uniform(2.8, 3.8)), 9 / h)


def _clothes(rng: np.random.Generator) -> p.Color:
    if rng.random() < 0.65:
        return p.jitter(rng, (50, 48, 46), 28)
    return p.hsv(rng.uniform(0, 360), rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.8))


def _limb(
    image: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    points: Sequence[tuple[float, float]],
    thick: int,
    color: p.Color,
    label: int,
) -> None:
    pixels = np.array([points]).round().astype(np.int32)
    cv2.polylines(image, pixels, False, color, thick)
    cv2.polylines(labels, pixels, False, label, thick)


def pedestrian(rng: np.random.Generator) -> Sprite:
    """A person walking or standing."""
    h, w = 240, 110
    image, labels = _blank(h, w)
    top, legs, skin = _clothes(rng), _clothes(rng), p.jitter(rng, (110, 140, 185), 35)
    c, stride = w / 2, rng.uniform(2, 24)
    label = p.PEDESTRIAN
    _limb(
        image, labels, [(c - 6, 128), (c - stride / 2 - 4, 180), (c - stride, 236)], 17, legs, label
    )
    _limb(
        image, labels, [(c + 6, 128), (c + stride / 2 + 5, 180), (c + stride, 236)], 17, legs, label
    )
    swing = rng.uniform(0, 18)
    _limb(
        image,
        labels,
        [(c - 18, 58), (c - 22 - swing / 3, 95), (c - 18 - swing, 128)],
        11,
        top,
        label,
    )
    _limb(
        image,
        labels,
        [(c + 18, 58), (c + 22 + swing / 3, 95), (c + 18 + swing, 128)],
        11,
        top,
        label,
    )
    body = (int(c), 92), (int(rng.uniform(19, 27)), 48)
    for target, value in ((image, top), (labels, label)):
        cv2.ellipse(target, body[0], body[1], 0, 0, 360, value, -1)
    for target, value in ((image, skin), (labels, label)):
        cv2.ellipse(target, (int(c), 24), (12, 16), 0, 0, 360, value, -1)
    cv2.ellipse(image, (int(c), 18), (13, 12), 0, 180, 360, p.jitter(rng, (30, 45, 60), 25), -1)
    _grain(rng, image)
    return Sprite(image, labels, np.zeros_like(labels), float(rng.uniform(1.55, 1.9)))


def cyclist(rng: np.random.Generator) -> Sprite:
    """A cyclist, seen from the side, from behind or from the front."""
    side = rng.random() < 0.4
    h, w = 240, 230 if side else 100
    image, labels = _blank(h, w)
    bike, c = p.jitter(rng, (45, 45, 50), 30), w / 2
    holes = _wheels(image, labels, (c - 68, c + 68) if side else (c,), bike)
    legs, top = _clothes(rng), _clothes(rng) if rng.random() < 0.6 else _high_visibility(rng)
    lean = 34 if side else 0
    if side:
        _frame(image, labels, c, bike)
    _limb(
        image, labels, [(c - lean / 2, 120), (c + lean / 2 + 8, 150), (c + 4, 205)], 16, legs,
        p.BICYCLIST,
    )  # fmt: skip
    _limb(image, labels, [(c - lean / 2, 120), (c - 8, 160), (c - 8, 195)], 16, legs, p.BICYCLIST)
    _limb(image, labels, [(c - lean / 2, 118), (c + lean / 2, 62)], 36, top, p.BICYCLIST)
    if side:
        _limb(image, labels, [(c + lean / 2 - 12, 66), (c + lean + 14, 108)], 11, top, p.BICYCLIST)
    else:
        _handlebar(image, labels, c, top, bike)
    helmet = _high_visibility(rng) if rng.random() < 0.4 else p.jitter(rng, (70, 90, 120), 45)
    for target, value in ((image, helmet), (labels, p.BICYCLIST)):
        cv2.circle(target, (int(c + lean * 0.75), 26), 16, value, -1)
    # Between the spokes one sees through; elsewhere something has been painted.
    holes[image.any(axis=2)] = 0
    _grain(rng, image)
    return Sprite(image, labels, holes, float(rng.uniform(1.6, 1.85)))


def _high_visibility(rng: np.random.Generator) -> p.Color:
    return p.jitter(rng, ((40, 235, 215), (30, 120, 245), (225, 225, 230))[rng.integers(3)], 15)


def _wheels(
    image: NDArray[np.uint8], labels: NDArray[np.uint8], centres: tuple[float, ...], bike: p.Color
) -> NDArray[np.uint8]:
    """Paint wheels, labelled as discs; give the (h, w) uint8 holes between their spokes."""
    holes = np.zeros_like(labels)
    side = len(centres) > 1
    axes = (42, 44) if side else (9, 44)
    for x in centres:
        for target, value, thick in (
            (holes, 1, -1), (labels, p.BICYCLIST, -1), (image, bike, 8 if side else -1)
        ):  # fmt: skip
            cv2.ellipse(target, (int(x), 192), axes, 0, 0, 360, value, thick)
    return holes


def _frame(image: NDArray[np.uint8], labels: NDArray[np.uint8], c: float, bike: p.Color) -> None:
    """The tubes of a bicycle seen from the side."""
    for points in (
        [(c - 68, 192), (c - 20, 130), (c + 50, 130), (c + 68, 192)],
        [(c - 20, 130), (c, 192), (c + 50, 130), (c + 52, 108)],
    ):
        _limb(image, labels, points, 7, bike, p.BICYCLIST)


def _handlebar(
    image: NDArray[np.uint8], labels: NDArray[np.uint8], c: float, top: p.Color, bike: p.Color
) -> None:
    """Bent arms on a handlebar, and a lamp above the wheel: a rider who comes or goes."""
    _limb(image, labels, [(c - 28, 120), (c + 28, 120)], 6, bike, p.BICYCLIST)
    for hand in (-1, 1):
        arm = [(c + hand * 14, 68), (c + hand * 33, 96), (c + hand * 26, 119)]
        _limb(image, labels, arm, 11, top, p.BICYCLIST)
    _limb(image, labels, [(c, 140), (c, 148)], 9, (40.0, 40.0, 230.0), p.BICYCLIST)


def _grain(rng: np.random.Generator, image: NDArray[np.uint8]) -> None:
    h, w = image.shape[:2]
    shade = 0.75 + 0.5 * fractal_noise(rng, h, w, 6, 0.7)
    image[:] = np.clip(image * shade[..., None], 0, 255).astype(np.uint8)
