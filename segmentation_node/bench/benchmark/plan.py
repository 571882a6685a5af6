"""How often, on what and for how long everything is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation_node.bench.ranges import check_least
from segmentation_node.core.geometry import NetworkSize

CAMERA = NetworkSize(720, 1280)


@dataclass(frozen=True)
class Plan:
    """The settings that all configurations share.

    Args:
        camera: Size of the camera's images.
        images: Folder of images; rendered ones where None.
        different: How many different images.
        frames: Frames that are timed of each configuration, at least.
        rounds: Turns of each configuration.
        warm_up: Frames of each configuration before the first round.
        settle: Frames at the start of each turn that are not timed: until then the caches hold
            what the configuration before has left there.
        turn_s: Seconds that a turn lasts, at least: power sensors are slow.
        idle_s: Seconds of idleness before all of it, whose power is subtracted.
        period_s: Seconds between two readings of the power sensors.
        resamples: How often rounds are drawn for the intervals.
        seed: Of these draws.
    """

    camera: NetworkSize = CAMERA
    images: Path | None = None
    different: int = 10
    frames: int = 300
    rounds: int = 10
    warm_up: int = 20
    settle: int = 3
    turn_s: float = 1.0
    idle_s: float = 5.0
    period_s: float = 0.05
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        check_least(self, 1, "different", "frames", "rounds", "resamples")
        check_least(self, 0, "warm_up", "settle", "turn_s", "idle_s", "seed")
        # A sensor asked without a pause would take a processor for itself.
        check_least(self, 0.001, "period_s")

    @property
    def frames_per_turn(self) -> int:
        """Frames of a turn, at least."""
        return -(-self.frames // self.rounds)

    def to_mapping(self) -> dict[str, Any]:
        """Every setting as a plain value."""
        images = "rendered" if self.images is None else self.images.name
        return {**vars(self), "camera": str(self.camera), "images": images}
