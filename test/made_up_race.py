"""Runs and results of a race that nobody ran, for the tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.race.course import Run, Setting
from benchmarks.race.results import result_of
from segmentation_node.core.geometry import NetworkSize

CAMERA = NetworkSize(720, 1280)
SLOW, FAST = 5.0, 30.0


def run(latencies_ms: Sequence[float], sent: int | None = None, **changed: Any) -> Run:
    """A run of images 100 ms apart, each answered after its latency."""
    count = len(latencies_ms) if sent is None else sent
    labels = [(100_000_000 * at, latency) for at, latency in enumerate(latencies_ms)]
    cpu_s = {"source": 0.01, "node": 0.2, "subscriber": 0.03}
    facts = {"network_size": "256x512"}
    told = {"sent": count, "labels": labels, "colors": count, "cpu_s": cpu_s, "facts": facts}
    return Run(**{**told, **changed})


def result(
    name: str,
    p50: float,
    rate_hz: float = FAST,
    reliable: bool = True,
    camera: NetworkSize = CAMERA,
    **changed: Any,
) -> dict[str, Any]:
    """A contender whose frames all took the same time."""
    setting = Setting(camera, rate_hz, reliable)
    return result_of(name, f"the {name}", setting, [run([p50] * 4, **changed)])


def race(**changed: Any) -> dict[str, Any]:
    """The figures of a whole race: our node, a naive one, and both references."""
    results = [
        result(name, p50, rate, segment_ms=(6.0,) if name == "alone" else ())
        for rate in (SLOW, FAST)
        for name, p50 in (("ours", 10.0), ("naive", 40.0), ("echo", 3.0), ("alone", 5.0))
    ]
    return {
        "date": "2026-01-02T03:04:05+00:00",
        "machine": {"processor": "a processor", "cores": 2, "gpu": None},
        "other_load": {"cores_busy_with_others": 0.25},
        "computation": {"model": "camvid"},
        "seconds": 60.0,
        "rounds": 3,
        "left_out": {},
        "failures": [],
        "judged_rate_hz": {str(CAMERA): SLOW},
        "results": results,
        "goals": [],
        **changed,
    }
