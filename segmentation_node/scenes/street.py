"""The street: what stands and moves along it, cell by cell, without end.

Everything is a function of the seed and of where it stands, so any frame of any drive can be
rendered on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from segmentation_node.scenes import facades, sprites
from segmentation_node.scenes import palette as p
from segmentation_node.scenes.camera import NEAR_M
from segmentation_node.scenes.layout import Layout
from segmentation_node.scenes.painter import Canvas
from segmentation_node.scenes.sprites import Sprite
from segmentation_node.scenes.vehicles import Vehicle, draw, vehicle

CELL_M = 9.0
VIEW_M = 150.0
RIDER_GAP_M = 16.0

Draw = Callable[[Canvas, float], None]
"""Draws one thing on a canvas, given how far the camera has driven in metres."""


@dataclass(frozen=True)
class Thing:
    """Something that can be drawn.

    Args:
        z: Metres along the street to its nearer end.
        draw: Draws it.
    """

    z: float
    draw: Draw


class Street:
    """All things along a street.

    Args:
        seed: Decides everything.
        plan: Its cross-section.
    """

    def __init__(self, seed: int, plan: Layout) -> None:
        self.seed = seed
        self.plan = plan
        rng = np.random.default_rng([seed, 1])
        self._trees = [sprites.tree(rng) for _ in range(7)]
        self._bushes = [sprites.bush(rng) for _ in range(4)]
        self._posts = [sprites.lamp_post(rng) for _ in range(2)] + [
            sprites.post(rng) for _ in range(2)
        ]
        self._signs = [sprites.sign(rng) for _ in range(5)] + [
            sprites.traffic_light(rng) for _ in range(2)
        ]
        self._people = [sprites.pedestrian(rng) for _ in range(12)]
        self._cyclists = [sprites.cyclist(rng) for _ in range(5)]
        self._cell = lru_cache(maxsize=256)(self._make_cell)
        self._facade = lru_cache(maxsize=64)(self._make_facade)

    def things(self, ego_m: float, time_s: float) -> list[Thing]:
        """What can be seen from where the camera is, far before near.

        Args:
            ego_m: Metres that the camera has driven.
            time_s: Seconds since the start, for what moves.
        """
        first = int(np.floor((ego_m - 14) / CELL_M))
        last = int(np.ceil((ego_m + VIEW_M) / CELL_M))
        found = [thing for cell in range(first, last) for thing in self._cell(cell)]
        found += self._moving(ego_m, time_s)
        return sorted(found, key=lambda thing: -thing.z)

    def _make_cell(self, cell: int) -> tuple[Thing, ...]:
        rng = np.random.default_rng([self.seed, 2, cell + 10_000])
        start = cell * CELL_M
        found: list[Thing] = []
        for side in (-1, 1):
            found += self._house(rng, start, side)
            found += self._edge_of_pavement(rng, start, side)
            found += self._parked(rng, start, side)
        return tuple(found)

    def _house(self, rng: np.random.Generator, start: float, side: int) -> Iterator[Thing]:
        plan = self.plan
        x = side * (plan.edge + plan.setback)
        if rng.random() > plan.houses:
            for _ in range(int(rng.integers(1, 4))):
                yield self._standing(
                    rng, self._trees, x + side * rng.uniform(0, 8), start + rng.uniform(0, CELL_M)
                )
            if rng.random() < 0.6:
                yield self._fence(rng, side * (plan.edge + 0.2), start)
            return
        height = max(4.0, rng.normal(plan.storeys, 2.5))
        depth = float(rng.uniform(0, 1.2)) * (rng.random() < 0.4)
        yield self._building(int(rng.integers(8)), x + side * depth, start, float(height), side)
        if plan.setback > 1.0 and rng.random() < 0.55:
            yield self._fence(rng, side * (plan.edge + 0.15), start)
        if plan.setback > 1.5 and rng.random() < 0.4:
            yield self._standing(
                rng, self._bushes, side * (plan.edge + 0.9), start + rng.uniform(0, CELL_M)
            )

    def _make_facade(self, index: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng([self.seed, 3, index])
        return facades.facade(rng, CELL_M, max(4.0, float(rng.normal(self.plan.storeys, 2))))

    def _building(self, index: int, x: float, start: float, height: float, side: int) -> Thing:
        def paint(canvas: Canvas, ego_m: float) -> None:
            near, far = max(start - ego_m, 1.3), start + CELL_M - ego_m
            if far <= 1.3:
                return
            texture = self._facade(index)
            cut = int(texture.shape[1] * (near - (start - ego_m)) / CELL_M)
            texture = texture[:, cut:] if cut else texture
            if start - ego_m > 2:  # the wall that faces the camera
                wall = np.array(
                    [
                        [x, height, near],
                        [x + side * 8, height, near],
                        [x + side * 8, 0, near],
                        [x, 0, near],
                    ]
                )
                canvas.textured(texture, wall if side > 0 else wall[[1, 0, 3, 2]], p.BUILDING, 0.8)
            front = np.array([[x, height, near], [x, height, far], [x, 0, far], [x, 0, near]])
            canvas.textured(texture, front, p.BUILDING, 1.0 if side > 0 else 0.88)

        return Thing(start, paint)

    def _fence(self, rng: np.random.Generator, x: float, start: float) -> Thing:
        height = float(rng.uniform(0.8, 2.0))
        texture = facades.railing(rng, CELL_M, height)

        def paint(canvas: Canvas, ego_m: float) -> None:
            near, far = max(start - ego_m, 1.3), start + CELL_M - ego_m
            if far > 1.3:
                corners = np.array([[x, height, near], [x, height, far], [x, 0, far], [x, 0, near]])
                canvas.textured(texture, corners, p.FENCE, 1.0)

        return Thing(start + 0.1, paint)

    def _edge_of_pavement(
        self, rng: np.random.Generator, start: float, side: int
    ) -> Iterator[Thing]:
        plan = self.plan
        kerb = side * (plan.road + 0.35)
        if rng.random() < plan.trees * 0.55:
            yield self._standing(
                rng,
                self._trees,
                kerb + side * rng.uniform(0, plan.pavement * 0.4),
                start + rng.uniform(0, CELL_M),
            )
        if rng.random() < 0.35:
            yield self._standing(rng, self._posts, kerb, start + rng.uniform(0, CELL_M))
        if rng.random() < 0.3:
            yield self._standing(
                rng, self._signs, kerb + side * rng.uniform(0, 0.5), start + rng.uniform(0, CELL_M)
            )

    def _parked(self, rng: np.random.Generator, start: float, side: int) -> Iterator[Thing]:
        if rng.random() < self.plan.parked:
            car = vehicle(rng)
            z = start + rng.uniform(0, CELL_M - 5)
            x = side * (self.plan.road - car.width_m / 2 - 0.15)
            away = bool(rng.random() < 0.5) if abs(x - self.plan.ego_x) > 1.9 else True
            if abs(x - self.plan.ego_x) > 2.1:
                yield Thing(
                    z, lambda canvas, ego_m: _draw_ahead(canvas, car, x, z - ego_m, away, False)
                )

    def _standing(
        self, rng: np.random.Generator, choices: list[Sprite], x: float, z: float
    ) -> Thing:
        sprite = choices[rng.integers(len(choices))]
        height = sprite.height_m * float(rng.uniform(0.8, 1.2))
        flip = bool(rng.random() < 0.5)
        return Thing(z, lambda canvas, ego_m: canvas.sprite(sprite, x, z - ego_m, height, flip))

    def _moving(self, ego_m: float, time_s: float) -> Iterator[Thing]:
        plan = self.plan
        own = float(np.sign(plan.ego_x)) or 1.0
        yield from self._traffic(ego_m, time_s, 0, plan.ego_x, 11.0, True)
        yield from self._traffic(ego_m, time_s, 1, -plan.ego_x, -9.0, False)
        for side, number in ((-1, 2), (1, 3)):
            for speed, share in ((1.3, 0), (-1.2, 1), (0.0, 2)):
                yield from self._walkers(ego_m, time_s, number * 3 + share, side, speed)
        yield from self._riders(ego_m, time_s, own)

    def _traffic(
        self, ego_m: float, time_s: float, stream: int, x: float, speed: float, away: bool
    ) -> Iterator[Thing]:
        gap = self.plan.traffic_gap * (1.6 if stream == 0 else 1.0)
        for index, offset in _visible(ego_m, speed * time_s, gap):
            rng = np.random.default_rng([self.seed, 4, stream, index + 10_000])
            if rng.random() < 0.3:
                continue
            car, z = vehicle(rng), offset + rng.uniform(0, gap / 3)
            lane = x + rng.normal(0, 0.2)
            if stream == 0 and z - ego_m < 7:
                continue
            yield Thing(z, _car_painter(car, lane, z, away, self.plan.lights_on))

    def _walkers(
        self, ego_m: float, time_s: float, stream: int, side: int, speed: float
    ) -> Iterator[Thing]:
        plan, gap = self.plan, CELL_M * 1.7
        for index, offset in _visible(ego_m, speed * time_s, gap):
            rng = np.random.default_rng([self.seed, 5, stream, index + 10_000])
            if rng.random() < plan.people * 0.75:
                x = side * (plan.road + rng.uniform(0.3, max(plan.pavement - 0.2, 0.5)))
                if rng.random() < 0.06:
                    x = rng.uniform(-plan.road, plan.road)
                z = offset + rng.uniform(0, gap)
                yield self._standing(rng, self._people, float(x), float(z))

    def _riders(self, ego_m: float, time_s: float, own: float) -> Iterator[Thing]:
        for stream, (side, speed) in enumerate(((own, 5.0), (-own, -4.5))):
            for index, offset in _visible(ego_m, speed * time_s, RIDER_GAP_M):
                rng = np.random.default_rng([self.seed, 6, stream, index + 10_000])
                if rng.random() < 0.6:
                    x = side * (self.plan.road - rng.uniform(0.5, 1.3))
                    z = offset + rng.uniform(0, RIDER_GAP_M / 2)
                    if z - ego_m > 4 or abs(x - self.plan.ego_x) > 1.5:
                        yield self._standing(rng, self._cyclists, float(x), float(z))


def _visible(ego_m: float, moved_m: float, gap_m: float) -> Iterator[tuple[int, float]]:
    """Numbers and places of the members of an endless row that moves, as far as they are seen."""
    first = int(np.floor((ego_m - 8 - moved_m) / gap_m))
    last = int(np.ceil((ego_m + VIEW_M - moved_m) / gap_m))
    for index in range(first, last):
        yield index, index * gap_m + moved_m


def _car_painter(car: Vehicle, x: float, z: float, away: bool, lights: bool) -> Draw:
    return lambda canvas, ego_m: _draw_ahead(canvas, car, x, z - ego_m, away, lights)


def _draw_ahead(canvas: Canvas, car: Vehicle, x: float, z: float, away: bool, lights: bool) -> None:
    if z + car.length_m > NEAR_M:
        draw(canvas, car, x, z, away, lights)
