"""What the machine says of itself: power, temperatures, clocks and throttling, where it tells."""

from __future__ import annotations

from segmentation_node.hardware.health import HealthWatch, Source, find_sources
from segmentation_node.hardware.power import PowerSensor, find_power_sensors
from segmentation_node.hardware.reading import HealthReading

__all__ = [
    "HealthReading",
    "HealthWatch",
    "PowerSensor",
    "Source",
    "find_power_sensors",
    "find_sources",
]
