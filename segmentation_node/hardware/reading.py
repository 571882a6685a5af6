"""What sensors said at one time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HealthReading:
    """Values of sensors, and what is wrong.

    Args:
        values: By key, with the unit in it, such as `gpu_temperature_c`.
        warnings: What holds the GPU back, one sentence each.
    """

    values: Mapping[str, float | str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def plus(self, other: HealthReading) -> HealthReading:
        """Both readings in one; of a key that both have, the first one's value."""
        return HealthReading({**other.values, **self.values}, self.warnings + other.warnings)
