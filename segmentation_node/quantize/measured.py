"""What calibration finds out about a tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """A tensor over a set of images.

    Args:
        range: The largest magnitude that its INT8 version can tell.
        means: The mean of each of its channels.
    """

    range: float
    means: tuple[float, ...]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.range) and self.range >= 0 and self.means):
            raise ValueError(f"a range of {self.range} and {len(self.means)} means")
        if not all(math.isfinite(mean) for mean in self.means):
            raise ValueError("a mean that is not finite")

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> Measured:
        """What `vars` made a mapping of."""
        return cls(float(content["range"]), tuple(float(mean) for mean in content["means"]))


MeasuredTensors = Mapping[str, Measured]
"""By the tensors' names."""
