"""Cross-section and character of a street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layout:
    """Cross-section and character of a street, in metres from its axis.

    Args:
        road: Half the width of the road.
        pavement: Width of each pavement.
        setback: Gap between pavement and houses, with grass or fences; 0 in the inner city.
        ego_x: Where the camera drives.
        houses: Share of cells with a house on each side.
        trees: Trees for each cell.
        people: Pedestrians for each cell.
        parked: Share of parking places that are taken.
        traffic_gap: Metres between vehicles that drive.
        storeys: Mean height of the houses in metres.
        lights_on: Whether vehicles have their lamps lit.
    """

    road: float
    pavement: float
    setback: float
    ego_x: float
    houses: float
    trees: float
    people: float
    parked: float
    traffic_gap: float
    storeys: float
    lights_on: bool

    @property
    def edge(self) -> float:
        """Metres to the outer edge of the pavement."""
        return self.road + self.pavement


def layout(rng: np.random.Generator, lights_on: bool) -> Layout:
    """A street at random: from the inner city to the edge of a park."""
    left_traffic = rng.random() < 0.6
    road = float(rng.uniform(2.9, 5.6))
    lane = road * rng.uniform(0.35, 0.6)
    return Layout(
        road=road,
        pavement=float(rng.uniform(1.8, 5.5)),
        setback=float(rng.choice([0.0, 0.0, rng.uniform(1, 7)])),
        ego_x=float(-lane if left_traffic else lane),
        houses=float(rng.uniform(0.55, 1.0)),
        trees=float(rng.uniform(0.05, 0.9)),
        people=float(rng.uniform(0.2, 1.3)),
        parked=float(rng.uniform(0.0, 0.6)),
        traffic_gap=float(rng.uniform(14, 45)),
        storeys=float(rng.uniform(6, 15)),
        lights_on=lights_on,
    )
