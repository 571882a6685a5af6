"""The GPU's health on /diagnostics, where the platform tells it."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from segmentation_node.hardware import HealthReading


def gpu_status(name: str, reading: HealthReading, device: str) -> DiagnosticStatus | None:
    """The status of the GPU; None where nothing is known of it.

    Args:
        name: Full name of the node.
        reading: What the sensors said last.
        device: The device in use, or `none`.
    """
    if not reading.values:
        return None
    level = DiagnosticStatus.WARN if reading.warnings else DiagnosticStatus.OK
    return DiagnosticStatus(
        level=level,
        name=f"{name.lstrip('/')}: gpu health",
        message="; ".join(reading.warnings) or _in_short(reading),
        hardware_id=device,
        values=[KeyValue(key=key, value=str(value)) for key, value in reading.values.items()],
    )


def _in_short(reading: HealthReading) -> str:
    units = {"gpu_temperature_c": "{} °C", "gpu_power_w": "{} W", "vdd_in_power_w": "{} W"}
    found = [
        text.format(reading.values[key]) for key, text in units.items() if key in reading.values
    ]
    return ", ".join(found) or "no complaint"
