"""Which rendered scenes a model is trained and scored on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segmentation_node.errors import ConfigError

CONDITIONS = ("day", "dusk", "night", "rain")
VALIDATION_SEED = 1_000_000
"""Scenes to score on have seeds from here on, those to train on have seeds below."""


@dataclass(frozen=True)
class Stills:
    """Rendered scenes, one image of each.

    Args:
        count: Number of images, the conditions in turn.
        height: Pixels.
        width: Pixels.
        conditions: Light and weather, as `scenes.render_still` names them.
        first_seed: Seed of the first; the others follow.
    """

    count: int = 800
    height: int = 720
    width: int = 1280
    conditions: tuple[str, ...] = CONDITIONS
    first_seed: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.count <= VALIDATION_SEED:
            raise _bad(f"{self.count} scenes", f"0 to {VALIDATION_SEED}")
        if self.height < 1 or self.width < 1:
            raise _bad(f"scenes of {self.height}x{self.width}", "at least 1x1 pixels")
        if not self.conditions:
            raise _bad("no conditions", "one or more of " + ", ".join(CONDITIONS))

    def item(self, index: int) -> tuple[int, str]:
        """Seed and condition of one scene."""
        return self.first_seed + index, self.conditions[index % len(self.conditions)]

    def for_scores(self, count: int = 100) -> Stills:
        """Scenes like these of seeds that no training reaches."""
        return replace(self, count=count, first_seed=VALIDATION_SEED + self.first_seed)


def _bad(received: str, expected: str) -> ConfigError:
    return ConfigError(received, expected, "correct the recipe's stills")
