"""The figures of a demo: `demo.json`."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segmentation_node import __version__
from segmentation_node.demo.session import Outcome

_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
_PACKAGES = ("numpy", "opencv-python-headless", "openvino", "rosbags", "rclpy", "matplotlib")


def figures(outcome: Outcome, latencies_ms: Sequence[float]) -> dict[str, Any]:
    """Sum up a session.

    Args:
        outcome: What the session left behind.
        latencies_ms: From published to label image received, of every frame answered.

    Returns:
        Plain numbers, strings and mappings, as demo.json holds them.
    """
    facts = outcome.diagnostics
    sent, answered = len(outcome.sent), len(latencies_ms)
    skipped = int(facts.get("skipped", 0))
    return {
        "frames_sent": sent,
        "frames_answered": answered,
        "frames_skipped": skipped,
        "frames_lost": sent - answered - skipped,
        # The node's own counts: where a frame was lost shows in which of them it is missing.
        "frames_received": int(facts.get("received", 0)),
        "frames_processed": int(facts.get("processed", 0)),
        "frames_malformed": int(facts.get("malformed", 0)),
        "frames_failed": int(facts.get("failed", 0)),
        "answered_share": round(answered / sent, 4) if sent else 0.0,
        "latency_ms": percentiles(latencies_ms),
        "stages_ms": stages_ms(facts),
        "replay": _replay(outcome),
        **{key: facts.get(key, "") for key in ("model", "engine", "precision", "device")},
        "network_size": facts.get("network_size", ""),
        "image": facts.get("image", ""),
        "mode": facts.get("mode", ""),
        "machine": machine(),
        "versions": versions(),
    }


def percentiles(samples_ms: Sequence[float]) -> dict[str, float | None]:
    """The p50, p95, p99 and maximum of some durations, ms; None where there are none."""
    if not samples_ms:
        return dict.fromkeys(_PERCENTILES)
    values = np.percentile(samples_ms, list(_PERCENTILES.values()))
    return {name: round(float(v), 3) for name, v in zip(_PERCENTILES, values, strict=True)}


def stages_ms(facts: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """The percentiles of each stage, from the node's diagnostics.

    Args:
        facts: The diagnostics by key; stages are `NAME_p50_ms` and so on.
    """
    stages: dict[str, dict[str, float]] = {}
    for key, value in facts.items():
        match = re.fullmatch(r"(\w+)_(p\d+)_ms", key)
        if match and value:
            stages.setdefault(match[1], {})[match[2]] = float(value)
    return stages


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """The versions of this package and of those that the figures depend on."""
    installed = {one.name: one.version for one in importlib.metadata.distributions(name=None)}
    found = {name: installed[name] for name in _PACKAGES if name in installed}
    return {"segmentation_node": __version__, **found}


def _replay(outcome: Outcome) -> dict[str, Any]:
    late_ms = [row[2] / 1e6 for row in outcome.sent]
    return {
        "seconds": round(outcome.replay_s, 2),
        "late_ms": percentiles(late_ms),
        "cpu_s": dict(outcome.cpu_s),
    }


def _cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    match = re.search(r"model name\s*:\s*(.+)", text)
    return match[1] if match else platform.machine()
