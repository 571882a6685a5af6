"""What calibration finds out about a tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from segmentation_node.errors import ModelError


@dataclass(frozen=True)
class Measured:
    """A tensor over a set of images.

    Args:
        range: The largest magnitude that its INT8 version can tell.
        means: The mean of each of its channels.
        ranges: The range that each method would choose, by its name.
    """

    range: float
    means: tuple[float, ...]
    ranges: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = (self.range, *self.means, *self.ranges.values())
        finite = all(math.isfinite(value) for value in values)
        if not (finite and self.range >= 0 and self.means):
            raise ModelError(
                received=f"a range of {self.range} and {len(self.means)} means",
                expected="finite numbers, a range of 0 or more and a mean for each channel",
                fix="calibrate again, on at least one image",
            )

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> Measured:
        """What `vars` made a mapping of."""
        ranges = {str(name): float(one) for name, one in content["ranges"].items()}
        means = tuple(float(mean) for mean in content["means"])
        return cls(float(content["range"]), means, ranges)

    def by(self, method: str) -> Measured:
        """The same with the range that a method chooses."""
        return replace(self, range=self.ranges[method])


MeasuredTensors = Mapping[str, Measured]
"""By the tensors' names."""
