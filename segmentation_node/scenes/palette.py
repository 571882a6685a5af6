"""Class ids of the scenes, and the colours that things have in streets (BGR)."""

from __future__ import annotations

import cv2
import numpy as np

from segmentation_node.core.labels import CAMVID_11

_IDS = {label.name: label.id for label in CAMVID_11.labels}
SKY, BUILDING, POLE, ROAD = _IDS["Sky"], _IDS["Building"], _IDS["Pole"], _IDS["Road"]
PAVEMENT, TREE, SIGN, FENCE = _IDS["Pavement"], _IDS["Tree"], _IDS["SignSymbol"], _IDS["Fence"]
CAR, PEDESTRIAN, BICYCLIST = _IDS["Car"], _IDS["Pedestrian"], _IDS["Bicyclist"]
UNLABELLED = CAMVID_11.ignore_id

Color = tuple[float, float, float]

PAINT: tuple[Color, ...] = (
    (30, 30, 32),
    (60, 60, 62),
    (120, 120, 122),
    (175, 175, 178),
    (225, 225, 225),
    (40, 35, 140),
    (120, 60, 30),
    (95, 70, 55),
    (60, 90, 60),
    (130, 150, 165),
    (70, 60, 50),
)
"""Car paints: mostly greys, as on the road."""

PLASTER: tuple[Color, ...] = (
    (140, 165, 185),
    (165, 180, 190),
    (110, 130, 150),
    (80, 95, 130),
    (70, 85, 120),
    (150, 150, 150),
    (105, 110, 115),
    (190, 200, 205),
    (95, 120, 150),
    (120, 140, 160),
)
"""Facades: brick, stone, plaster and concrete."""


def hsv(hue: float, saturation: float, value: float) -> Color:
    """BGR of a colour given as hue (degrees), saturation and value (0 to 1)."""
    pixel = np.array([[[hue, saturation, value]]], np.float32)
    blue, green, red = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0] * 255
    return float(blue), float(green), float(red)


def jitter(rng: np.random.Generator, color: Color, spread: float = 18.0) -> Color:
    """A colour near the given one."""
    shared = rng.normal(0, spread)
    blue, green, red = (
        float(np.clip(c + shared + rng.normal(0, spread / 3), 5, 250)) for c in color
    )
    return blue, green, red
