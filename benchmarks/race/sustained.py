"""Real time for as long as is asked: our node at the largest size that holds the camera's rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.race.contenders import CONTENDERS, OURS
from benchmarks.race.course import Course, Run, Setting, drive
from benchmarks.race.plan import Plan
from benchmarks.race.results import percentiles
from benchmarks.race.run import courses
from segmentation_node.bench.benchmark.machine import OtherLoad, machine, versions
from segmentation_node.errors import TransportError

PERIODS = 2.0
"""Times between two frames that the 99th percentile is to stay under."""

_FACTS = ("model", "network_size", "network_size_reason", "engine", "device", "precision", "mode")


def sustain(plan: Plan, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run our node alone with labels and colours listened to, reliably, and judge it.

    Args:
        plan: Of it the first camera, the rate, the seconds and what is computed.
        tell: Is told what is done.

    Raises:
        TransportError: A program ended that should not have, or the node did not say what runs.
        MediaError: The folder of images cannot be read.
    """
    computation = replace(plan.computation, target_rate_hz=plan.rate_hz)
    load = OtherLoad()
    with courses(replace(plan, cameras=plan.cameras[:1])) as course_of:
        course = course_of(Setting(plan.cameras[0], plan.rate_hz, reliable=True), plan.seconds)
        tell(f"{course.setting}, {plan.seconds:g} s, network size {computation.network_size}")
        run = drive(CONTENDERS[OURS], computation, course)
    about = {"machine": machine(), "versions": versions(), "other_load": load.to_mapping()}
    return {"format": 1, **about, **judged(run, course)}


def judged(run: Run, course: Course) -> dict[str, Any]:
    """What became of the frames, and whether it was real time.

    Args:
        run: What our node did.
        course: What was sent.

    Raises:
        TransportError: The node did not say what runs.
    """
    missing = [key for key in _FACTS if key not in run.facts]
    if missing:
        raise TransportError(
            received=f"diagnostics without {', '.join(missing)}",
            expected="the node's words on what computes",
            fix="run it for longer than the node's diagnostics_period_s",
        )
    latency, limit_ms = percentiles(run.latencies_ms), PERIODS * 1e3 / course.setting.rate_hz
    lost, colors = run.sent - len(run.labels), run.sent - (run.colors or 0)
    stamps = [stamp for stamp, _ in run.labels]
    in_order = stamps == sorted(stamps)
    return {
        "camera": str(course.setting.camera),
        "rate_hz": course.setting.rate_hz,
        "seconds": course.seconds,
        "sent": run.sent,
        "labels_lost": lost,
        "colors_lost": colors,
        "in_order": in_order,
        "latency_ms": latency,
        "limit_ms": limit_ms,
        "source_late_ms": run.late_ms,
        "cpu_s": dict(run.cpu_s),
        "node": {key: run.facts[key] for key in _FACTS},
        "is_real_time": not lost
        and not colors
        and in_order
        and bool(latency)
        and latency["p99"] < limit_ms,
    }


def verdict(figures: dict[str, Any]) -> str:
    """The judgement in a sentence.

    Args:
        figures: From `sustain`.
    """
    node, latency = figures["node"], figures["latency_ms"]
    p99 = f"{latency['p99']:.1f} ms" if latency else "none"
    order = "in order" if figures["in_order"] else "OUT OF ORDER"
    return (
        f"{'real time' if figures['is_real_time'] else 'NOT real time'}: "
        f"{figures['camera']} at {figures['rate_hz']:g} Hz for {figures['seconds']:g} s, "
        f"{node['model']} at {node['network_size']} in {node['precision']} on {node['device']}, "
        f"mode {node['mode']}: "
        f"{figures['labels_lost']} of {figures['sent']} label images and {figures['colors_lost']} "
        f"colour images lost, {order}, p99 {p99} of {figures['limit_ms']:.1f} ms allowed"
    )
