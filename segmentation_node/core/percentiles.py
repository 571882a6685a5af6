"""How a figure is spread over a set: its values at some percentiles, and between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentation_node.errors import ConfigError

PERCENTS = (0, 1, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99, 100)
"""Where a spread is kept: closest at the ends, which is what drift is told from."""


@dataclass(frozen=True)
class Percentiles:
    """Values of a figure by the share of the set that lies below them.

    Args:
        percents: Per cent, ascending.
        values: The figure at each, never falling.
    """

    percents: tuple[int, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        rises = all(np.diff(self.percents) > 0) and all(np.diff(self.values) >= 0)
        if not self.percents or len(self.percents) != len(self.values) or not rises:
            raise ConfigError(
                received=f"the percentiles {self.values} at {self.percents}",
                expected="a value at each, in ascending order",
                fix="correct the order",
            )

    @classmethod
    def of(cls, figures: Sequence[float]) -> Percentiles:
        """Those of a set of figures, interpolated linearly between them."""
        return cls(PERCENTS, tuple(np.percentile(figures, PERCENTS).tolist()))

    @property
    def is_whole(self) -> bool:
        """Whether it reaches from the smallest figure of the set to the largest."""
        return self.percents[0] == 0 and self.percents[-1] == 100

    def at(self, percent: float) -> float:
        """The figure that a share of the set lies below, interpolated linearly.

        Args:
            percent: Per cent, between the first and the last that are known.

        Raises:
            ConfigError: It lies outside of them.
        """
        low, high = self.percents[0], self.percents[-1]
        if not low <= percent <= high:
            raise ConfigError(
                received=f"the percentile {percent:g}",
                expected=f"one from {low} to {high}",
                fix="ask for one of these",
            )
        return float(np.interp(percent, self.percents, self.values))
