"""What the turns of a contender on one course come to together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.race.course import Run, Setting
from segmentation_node.core.timing import RollingStats

Result = Mapping[str, Any]

_FACTS = ("engine", "device", "precision", "network_size")


def result_of(name: str, title: str, setting: Setting, runs: Sequence[Run]) -> dict[str, Any]:
    """All turns of one contender on one course.

    Args:
        name: The contender.
        title: What to call it in a table.
        setting: What was sent, and how.
        runs: One for each turn.
    """
    latencies_ms = [latency for run in runs for latency in run.latencies_ms]
    sent = sum(run.sent for run in runs)
    colors = [run.colors for run in runs if run.colors is not None]
    segment_ms = [took for run in runs for took in run.segment_ms]
    return {
        "contender": name,
        "title": title,
        "camera": str(setting.camera),
        "rate_hz": setting.rate_hz,
        "qos": setting.qos,
        "sent": sent,
        "received": len(latencies_ms),
        "lost": sent - len(latencies_ms),
        "colors_lost": sent - sum(colors) if colors else None,
        "latency_ms": percentiles(latencies_ms),
        "turns_p50_ms": [percentiles(run.latencies_ms).get("p50") for run in runs],
        "segment_ms": percentiles(segment_ms),
        "cpu_ms_per_frame": _cpu_ms(runs, sent, len(latencies_ms)),
        "source_late_ms": max(run.late_ms for run in runs),
        "facts": {key: runs[0].facts[key] for key in _FACTS if key in runs[0].facts},
    }


def percentiles(times_ms: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the longest, milliseconds; nothing where there are no times."""
    if not times_ms:
        return {}
    rolling = RollingStats(len(times_ms))
    for time_ms in times_ms:
        rolling.add(time_ms)
    stats = rolling.stats().to_mapping()
    return {name: round(stats[f"{name}_ms"], 3) for name in ("p50", "p95", "p99", "max")}


def _cpu_ms(runs: Sequence[Run], sent: int, received: int) -> dict[str, float | None]:
    """Of each program, by frames sent for the source and by frames answered for the others."""
    frames = {"source": sent, "node": received, "subscriber": received}
    used = {name: sum(run.cpu_s[name] for run in runs) for name in frames}
    return {
        name: round(1e3 * used[name] / frames[name], 3) if frames[name] else None for name in used
    }


def find(results: Sequence[Result], contender: str, like: Result) -> Result | None:
    """Another contender's result on the same course; None where there is none.

    Args:
        results: All of them.
        contender: Whose.
        like: A result on that course.
    """
    course = ("camera", "rate_hz", "qos")
    same = (one for one in results if all(one[key] == like[key] for key in course))
    return next((one for one in same if one["contender"] == contender), None)


def ratio(result: Result, reference: Result | None) -> float | None:
    """How many times the reference's median latency a contender's is; None without both."""
    if reference is None or not result["latency_ms"] or not reference["latency_ms"]:
        return None
    return float(result["latency_ms"]["p50"] / reference["latency_ms"]["p50"])


def overhead_ms(results: Sequence[Result], ours: Result) -> float | None:
    """What our node adds to `Segmenter` alone and the way there and back, medians, milliseconds.

    Args:
        results: All of them.
        ours: Our node's, on one course.

    Returns:
        None where one of the three is not there.
    """
    alone, echo = (find(results, name, ours) for name in ("alone", "echo"))
    if alone is None or echo is None:
        return None
    parts = [ours["latency_ms"], alone["segment_ms"], echo["latency_ms"]]
    if not all(parts):
        return None
    whole, frame, way = (part["p50"] for part in parts)
    return float(whole - frame - way)
