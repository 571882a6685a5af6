"""Cars, vans and buses: a body and a cabin in perspective, with glass, wheels, lamps, a shadow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation_node.scenes import palette as p
from segmentation_node.scenes.painter import Canvas

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Vehicle:
    """Shape and paint of a vehicle.

    Args:
        width_m: Metres.
        length_m: Metres.
        height_m: Metres to the roof.
        waist_m: Metres to the lower edge of the windows.
        hood_m: Metres of bonnet in front of the cabin.
        boot_m: Metres of boot behind it.
        paint: BGR.
    """

    width_m: float
    length_m: float
    height_m: float
    waist_m: float
    hood_m: float
    boot_m: float
    paint: p.Color


def vehicle(rng: np.random.Generator) -> Vehicle:
    """A vehicle as they are met in a town: mostly cars, some vans, few buses."""
    paint = p.jitter(rng, p.PAINT[rng.integers(len(p.PAINT))], 14)
    kind = rng.random()
    if kind < 0.8:
        height = rng.uniform(1.38, 1.75)
        return Vehicle(
            rng.uniform(1.65, 1.9),
            rng.uniform(3.6, 4.8),
            height,
            height * 0.62,
            rng.uniform(0.8, 1.3),
            rng.uniform(0.05, 0.8),
            paint,
        )
    if kind < 0.95:
        return Vehicle(
            1.95,
            rng.uniform(4.8, 6),
            rng.uniform(1.9, 2.5),
            1.25,
            rng.uniform(0.3, 0.8),
            0.0,
            paint,
        )
    return Vehicle(2.5, rng.uniform(9, 12), 3.1, 1.2, 0.0, 0.0, paint)


def draw(canvas: Canvas, car: Vehicle, x: float, z: float, away: bool, lights: bool) -> None:
    """Draw a vehicle.

    Args:
        canvas: What is painted.
        car: Its shape.
        x: Metres from the axis of the road to the middle of the car.
        z: Metres to the end that is nearer.
        away: Whether its back is turned to the camera.
        lights: Whether its lamps are lit.
    """
    half = car.width_m / 2
    _ground_shadow(canvas, x, z, half, car.length_m)
    near_side = x - half if x > 0 else x + half
    _side(canvas, car, near_side, z, away)
    _end(canvas, car, x, z, away, lights)


def _quad(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Points:
    """Upright quad facing the camera; its upper edge may lie further off than its lower one."""
    return np.array(
        [[x[0], y[1], z[1]], [x[1], y[1], z[1]], [x[1], y[0], z[0]], [x[0], y[0], z[0]]]
    )


def _ground_shadow(canvas: Canvas, x: float, z: float, half: float, length: float) -> None:
    corners = np.array(
        [
            [x - half - 0.15, 0, z - 0.2],
            [x + half + 0.15, 0, z - 0.2],
            [x + half + 0.15, 0, z + length],
            [x - half - 0.15, 0, z + length],
        ]
    )
    canvas.polygon(corners, (28, 28, 28), None)


def _side(canvas: Canvas, car: Vehicle, x: float, z: float, away: bool) -> None:
    profile = _profile(car)
    along = profile[:, 0] if away else car.length_m - profile[:, 0]
    paint = np.array(car.paint)
    body = np.stack([np.full(len(profile), x), profile[:, 1], z + along], axis=1)
    canvas.polygon(body, paint * 0.72, p.CAR)
    lower = np.array(
        [
            [x, 0.22, z + 0.1],
            [x, 0.22, z + car.length_m - 0.1],
            [x, 0.42, z + car.length_m - 0.1],
            [x, 0.42, z + 0.1],
        ]
    )
    canvas.polygon(lower, paint * 0.45, p.CAR)
    _side_glass(canvas, car, x, z, away)
    for at in (0.18, 0.8):
        center = car.length_m * (at if away else 1 - at)
        _wheel(canvas, x, z + center, 0.33 if car.height_m < 2.6 else 0.48)


def _profile(car: Vehicle) -> Points:
    """(n, 2) metres from the back and up: the outline of the car's side."""
    roof_back, roof_front = car.boot_m + 0.25, car.length_m - car.hood_m - 0.45
    return np.array(
        [
            [0.0, 0.22],
            [0.0, car.waist_m * 0.95],
            [car.boot_m, car.waist_m],
            [roof_back, car.height_m * 0.98],
            [roof_front * 0.7, car.height_m],
            [max(roof_front, roof_back + 0.5), car.height_m * 0.96],
            [car.length_m - car.hood_m, car.waist_m * 1.02],
            [car.length_m - 0.1, car.waist_m * 0.8],
            [car.length_m, 0.4],
            [car.length_m, 0.22],
        ]
    )


def _side_glass(canvas: Canvas, car: Vehicle, x: float, z: float, away: bool) -> None:
    low, high = car.waist_m * 1.04, car.height_m * 0.93
    start, end = car.boot_m + 0.3, car.length_m - car.hood_m - 0.15
    count = max(2, int((end - start) / 1.3))
    edges = np.linspace(start, end, count + 1)
    for first, last in pairwise(edges):
        slant = 0.25 if last == edges[-1] else 0.04
        pane = np.array(
            [
                [first + 0.05, low],
                [last - 0.05, low],
                [last - 0.05 - slant, high],
                [first + 0.12, high],
            ]
        )
        along = pane[:, 0] if away else car.length_m - pane[:, 0]
        canvas.polygon(
            np.stack([np.full(4, x), pane[:, 1], z + along], axis=1), (52, 46, 42), p.CAR
        )


def _wheel(canvas: Canvas, x: float, z: float, radius: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 14)
    for scale, color in ((1.0, (24, 24, 24)), (0.6, (110, 110, 112))):
        rim = np.stack(
            [
                np.full(14, x),
                radius + scale * radius * np.sin(angle),
                z + scale * radius * np.cos(angle),
            ],
            axis=1,
        )
        canvas.polygon(rim, color, p.CAR)


def _end(canvas: Canvas, car: Vehicle, x: float, z: float, away: bool, lights: bool) -> None:
    half, paint = car.width_m / 2, np.array(car.paint)
    slope = car.boot_m + 0.25 if away else car.hood_m + 0.5
    deck = car.boot_m if away else car.hood_m
    waist = car.waist_m if away else car.waist_m * 0.85
    cabin = _quad((x - half * 0.97, x + half * 0.97), (waist, car.height_m), (z + deck, z + slope))
    canvas.polygon(
        _quad((x - half, x + half), (waist, waist + 0.02), (z, z + deck + 0.05)),
        paint * 1.08,
        p.CAR,
    )
    canvas.polygon(cabin, paint * 0.95, p.CAR)
    glass = _quad(
        (x - half * 0.86, x + half * 0.86),
        (waist + 0.06, car.height_m - 0.12),
        (z + deck, z + slope),
    )
    canvas.polygon(glass, (62, 55, 50), p.CAR)
    canvas.polygon(_quad((x - half, x + half), (0.28, waist), (z, z)), paint * 0.86, p.CAR)
    canvas.polygon(_quad((x - half, x + half), (0.25, 0.5), (z, z)), paint * 0.5, p.CAR)
    for side in (-1, 1):
        tyre = _quad(
            (x + side * half * 0.95, x + side * half * 0.72), (0.0, 0.3), (z + 0.1, z + 0.1)
        )
        canvas.polygon(tyre, (20, 20, 20), p.CAR)
    _lamps(canvas, x, z, half, waist, away, lights)


def _lamps(
    canvas: Canvas, x: float, z: float, half: float, waist: float, away: bool, lights: bool
) -> None:
    color = (45, 40, 190) if away else (215, 225, 225)
    glow = 1.3 if lights else 0.8
    for side in (-1, 1):
        lamp = _quad(
            (x + side * half * 0.95, x + side * half * 0.66), (waist * 0.7, waist * 0.92), (z, z)
        )
        canvas.polygon(lamp, np.clip(np.array(color) * glow, 0, 255), p.CAR)
    plate = _quad((x - 0.26, x + 0.26), (waist * 0.52, waist * 0.64), (z, z))
    canvas.polygon(plate, (120, 210, 220) if away else (215, 215, 215), p.CAR)
    if not away:
        grille = _quad((x - half * 0.55, x + half * 0.55), (waist * 0.66, waist * 0.86), (z, z))
        canvas.polygon(grille, (35, 35, 35), p.CAR)
