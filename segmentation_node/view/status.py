"""From the node's diagnostics to what the page says."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any

_FIGURES = {
    "rate_hz": ("Answered", "frames/s"),
    "input_rate_hz": ("Camera", "frames/s"),
    "skipped": ("Skipped", "frames"),
    "total_p50_ms": ("Arrival to published, p50", "ms"),
    "frame_budget_used_percent": ("Budget used", "%"),
    "network_size": ("Network size", ""),
    "precision": ("Precision", ""),
    "device": ("Device", ""),
}
"""What stands above the table: key of the diagnostics to name and unit."""

_PERCENTILES = ("p50", "p95", "p99")


def page_status(
    level: int, message: str, values: Mapping[str, str], period_s: float
) -> dict[str, Any]:
    """What the page is told of one status.

    Args:
        level: 0 to 3, as `diagnostic_msgs/DiagnosticStatus` has it.
        message: Its sentence.
        values: What belongs to it, by key.
        period_s: Seconds between two of them.
    """
    return {
        "level": level,
        "message": message,
        "period_s": round(period_s, 3),
        "input_topic": values.get("input_topic", ""),
        "budget_ms": _number(values.get("frame_budget_ms", "")),
        "figures": [
            (name, f"{_short(values[key])} {unit}".strip())
            for key, (name, unit) in _FIGURES.items()
            if values.get(key)
        ],
        "stages": _stages(values),
        "details": sorted((key, value) for key, value in values.items() if value),
    }


def _stages(values: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Name and percentiles of each stage that has any, in the order of the diagnostics."""
    ending = "_p50_ms"
    names = [key.removesuffix(ending) for key in values if key.endswith(ending)]
    rows = [(name, *(values.get(f"{name}_{p}_ms", "") for p in _PERCENTILES)) for name in names]
    return [(name.replace("_", " "), *map(_short, times)) for name, *times in rows if any(times)]


def _short(text: str) -> str:
    """One digit behind the point where it is a number with a point."""
    number = _number(text) if "." in text else None
    return text if number is None else f"{number:.1f}"


def _number(text: str) -> float | None:
    """A number that JSON can hold; None where the text is none."""
    with contextlib.suppress(ValueError):
        number = float(text)
        return number if math.isfinite(number) else None
    return None
