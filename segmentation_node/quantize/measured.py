"""What calibration finds out about a tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segmentation_node.errors import ModelError


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
        finite = all(math.isfinite(value) for value in (self.range, *self.means))
        if not (finite and self.range >= 0 and self.means):
            raise ModelError(
                received=f"a range of {self.range} and {len(self.means)} means",
                expected="finite numbers, a range of 0 or more and a mean for each channel",
                fix="calibrate again, on at least one image",
            )

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> Measured:
        """What `vars` made a mapping of."""
        return cls(float(content["range"]), tuple(float(mean) for mean in content["means"]))


MeasuredTensors = Mapping[str, Measured]
"""By the tensors' names."""
