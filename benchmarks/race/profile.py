"""Where every millisecond goes, from the camera's stamp to the label image in another process.

No sampling: each frame's way is cut at moments that were noted on it, so that the parts of a frame
come to its whole latency. What our node says of its stages is on a monotonic clock; stamps, and the
middleware's times of sending and arrival, are by the system's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.contenders import CONTENDERS, OURS
from benchmarks.race.course import Course, Run, Setting, drive
from benchmarks.race.plan import Plan
from benchmarks.race.results import percentiles
from benchmarks.race.run import courses
from segmentation_node.bench.benchmark.machine import OtherLoad, machine, versions
from segmentation_node.bench.comparison import Table
from segmentation_node.errors import TransportError

PARTS: Mapping[str, str] = {
    "send": "camera: from the stamp until the call that sends it returns",
    "arrive": "middleware and executor: from there to the node's callback",
    "wait": "node: waits for the computing thread",
    "read": "node: the message as a frame",
    "preprocess": "node: the frame to the network's input",
    "inference": "node: the network",
    "postprocess": "node: logits to labels and colours",
    "bookkeeping": "node: between these stages",
    "handover": "node: to the publishing thread",
    "write": "node: labels published, until the middleware sends them",
    "return": "middleware: to the subscriber's process",
    "take": "subscriber: wakes, takes the image, calls back",
}
"""The parts of a frame's way in their order, and what each is."""

_MEASURED = ("wait", "read", "preprocess", "inference", "postprocess", "handover")
_MS = 1e-6


def profile(plan: Plan, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run our node with every frame's way noted.

    Args:
        plan: Of it the first camera, the rate, the seconds and what is computed.
        tell: Is told what is done.

    Raises:
        TransportError: A program ended that should not have, or frames and times do not go
            together.
        MediaError: The folder of images cannot be read.
    """
    load = OtherLoad()
    with courses(replace(plan, cameras=plan.cameras[:1])) as course_of:
        setting = Setting(plan.cameras[0], plan.rate_hz, reliable=True)
        course: Course = replace(course_of(setting, plan.seconds), timing=True)
        tell(f"profile: {setting}, {plan.seconds:g} s")
        run = drive(CONTENDERS[OURS], plan.computation, course)
    parts, latency = parts_ms(run), percentiles(run.latencies_ms)
    facts = ("model", "network_size", "engine", "device", "precision")
    return {
        "format": 1,
        "machine": machine(),
        "versions": versions(),
        "other_load": load.to_mapping(),
        "camera": str(setting.camera),
        "rate_hz": setting.rate_hz,
        "frames": len(run.labels),
        "sent": run.sent,
        "node": {key: run.facts[key] for key in facts if key in run.facts},
        "latency_ms": {"mean": float(np.mean(run.latencies_ms)), **latency},
        "parts": {name: _figures(times) for name, times in parts.items()},
    }


def parts_ms(run: Run) -> dict[str, NDArray[np.float64]]:
    """Cut each answered frame's latency into its parts, milliseconds.

    Args:
        run: With the stages of our node and the middleware's times of each label image.

    Raises:
        TransportError: There are not as many stages as frames, or they are those of others.
    """
    latency = np.array(run.latencies_ms)
    stages = _latest(run.details["stages_ms"], len(latency))
    stamps = np.array([stamp for stamp, _ in run.labels])
    written, arrived = np.array(run.details["marks"]).reshape(-1, 2).T
    sending = dict(run.details["calls"])
    send = np.minimum([sending[stamp] for stamp in stamps.tolist()], stages["input_age"])
    inside = sum(stages[name] for name in _MEASURED)
    begun = stages["input_age"] + stages["total"] - stages["publish"]
    found = {
        "send": send,
        "arrive": stages["input_age"] - send,
        **{name: stages[name] for name in _MEASURED[:-1]},
        "bookkeeping": stages["total"] - stages["publish"] - inside,
        "handover": stages["handover"],
        "write": (written - stamps) * _MS - begun,
        "return": (arrived - written) * _MS,
        "take": latency - (arrived - stamps) * _MS,
    }
    _check_order(found)
    return {name: np.asarray(found[name], np.float64) for name in PARTS}


def _latest(stages_ms: Mapping[str, Sequence[float]], count: int) -> dict[str, NDArray[np.float64]]:
    """The stages of the latest frames: those before them warmed up."""
    fewest = min((len(times) for times in stages_ms.values() if times), default=0)
    if not count or fewest < count:
        raise TransportError(
            received=f"{count} label images and the stages of {fewest}",
            expected="label images, and the stages of each",
            fix="run it again with a longer warm-up, at a rate that the node can keep",
        )
    return {name: np.array(times[-count:]) for name, times in stages_ms.items() if times}


def _check_order(parts: Mapping[str, NDArray[np.float64]]) -> None:
    """Check that what was noted goes together: nothing arrives long before it is sent."""
    earliest = min(float(np.median(parts[name])) for name in ("write", "return", "take"))
    if earliest < -_CLOCKS_APART_MS:
        raise TransportError(
            received=f"parts of a frame's way that take {earliest:.2f} ms",
            expected="moments in their order",
            fix="run it again: stages of other frames were taken for these",
        )


_CLOCKS_APART_MS = 0.5


def _figures(times_ms: NDArray[np.float64]) -> dict[str, float]:
    return {"mean": round(float(times_ms.mean()), 4), **percentiles(times_ms.tolist())}


def table(figures: Mapping[str, Any]) -> Table:
    """The parts in their order, with the share of each, and their sum beside what was measured.

    Args:
        figures: From `profile`.
    """
    parts, whole = figures["parts"], figures["latency_ms"]
    rows = [
        (name, PARTS[name], *_row(one), f"{100 * one['mean'] / whole['mean']:.1f}")
        for name, one in parts.items()
    ]
    total = sum(one["mean"] for one in parts.values())
    rows.append(("sum", "of the parts' means", f"{total:.2f}", *[""] * 3, ""))
    rows.append(("measured", "from stamp to callback", *_row(whole), "100.0"))
    head = ("part", "what it is", "mean ms", "p50 ms", "p95 ms", "p99 ms", "% of the mean")
    return Table("Where every millisecond goes", head, tuple(rows))


def _row(times: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(f"{times[name]:.2f}" for name in ("mean", "p50", "p95", "p99"))
