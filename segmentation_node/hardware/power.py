"""Whatever on this machine measures power, by one protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from segmentation_node.hardware.ina3221 import find_rails
from segmentation_node.hardware.nvml import find_nvml
from segmentation_node.hardware.rapl import find_domains
from segmentation_node.hardware.sysfs import SYS


class PowerSensor(Protocol):
    """One thing that measures power. What sensors cover may overlap: do not add them up blindly."""

    @property
    def name(self) -> str:
        """The sensor's own name, such as `VDD_IN`, `package-0` or the GPU's."""

    @property
    def covers(self) -> str:
        """What it measures, in words."""

    def watts(self) -> float | None:
        """Power in watts, now or since the call before; None where it cannot be told."""


def find_power_sensors(root: Path = SYS) -> list[PowerSensor]:
    """All power sensors: of the GPU by NVML, of a Jetson's rails, and by RAPL.

    NVML stays initialised until the process ends.

    Args:
        root: Where sysfs is mounted.
    """
    gpu = find_nvml()
    found: list[PowerSensor] = [] if gpu is None else [gpu]
    return [*found, *find_rails(root), *find_domains(root)]
