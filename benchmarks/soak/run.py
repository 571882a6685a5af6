"""A whole soak: it is played, judged phase by phase, and the readers are fuzzed at last."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.fuzz.campaign import Limits, Outcome, fuzz
from benchmarks.fuzz.targets import TARGETS
from benchmarks.soak.growth import growth
from benchmarks.soak.plan import Plan
from benchmarks.soak.play import Played, play
from benchmarks.soak.sampler import Sample, between
from benchmarks.soak.traffic import (
    Answers,
    Phase,
    by_minute,
    percentiles,
    traffic,
)
from benchmarks.soak.verdicts import Evidence, Verdict, judge
from segmentation_node.bench.benchmark.machine import OtherLoad, machine, versions
from segmentation_node.errors import SegmentationError

Tell = Callable[[str], None]

_FACTS = ("model", "network_size", "engine", "device", "precision", "mode")


def soak(plan: Plan, output: Path, tell: Tell) -> dict[str, Any]:
    """Play, judge and fuzz.

    Args:
        plan: What is played.
        output: Folder for the node's log and what the fuzzer leaves.
        tell: Is told what is done next.

    Returns:
        The figures of each phase, a verdict on each, and what they depend on.

    Raises:
        TransportError: Node and listener did not find each other.
        OutputError: The folder cannot be written to.
    """
    begun, load = datetime.datetime.now(datetime.timezone.utc), OtherLoad()
    played = play(plan, output / "node.log", tell)
    # Before the fuzzing, which is a load of its own.
    other_load = load.to_mapping()
    return {
        "format": 2,
        "date": begun.isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "other_load": other_load,
        "plan": {**asdict(plan), "camera": str(plan.camera)},
        **figures(played),
        "fuzz": _fuzzed(plan.fuzz_runs, output / "fuzz", tell),
    }


def figures(played: Played) -> dict[str, Any]:
    """All figures of what was played, and the verdicts.

    Args:
        played: By `play`.
    """
    phases = [_judged(phase, played) for phase in played.phases]
    end = {"name": "end", **_verdict(played.end)}
    whole = {phase.name: phase for phase in played.phases}
    told = whole["warm_up"].notes.get("facts", {}) if "warm_up" in whole else {}
    return {
        "node": {key: told[key] for key in _FACTS if key in told},
        "phases": [*phases, end],
        **_of_steady(whole.get("steady"), played.answers, played.samples),
        "latency_by_ten_seconds": _tens(played),
        "samples": [asdict(one) for one in played.samples],
    }


def is_met(results: Mapping[str, Any]) -> bool:
    """Whether every phase and every reader came through."""
    return all(one["is_met"] for one in (*results["phases"], *results["fuzz"]))


def _judged(phase: Phase, played: Played) -> dict[str, Any]:
    found = traffic(phase, played.answers)
    samples = between(played.samples, phase.begun_s, phase.ended_s)
    return {
        "name": phase.name,
        "begun_s": phase.begun_s,
        "ended_s": phase.ended_s,
        **found.to_mapping(),
        **_verdict(judge(Evidence(phase, found, samples))),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "is_met": verdict.is_met,
        "complaints": list(verdict.complaints),
        "facts": verdict.facts,
    }


def _of_steady(steady: Phase | None, answers: Answers, samples: Sequence[Sample]) -> dict[str, Any]:
    """Growth and latency by the minute, where there was a steady phase with two samples."""
    held = [] if steady is None else between(samples, steady.begun_s, steady.ended_s)
    if steady is None or len(held) < 2:
        return {"growth": None, "minutes": []}
    times = [one.at_s for one in held]
    fits = {
        name: growth(times, [getattr(one, name) for one in held]).to_mapping()
        for name in ("rss_mib", "private_mib")
    }
    return {"growth": fits, "minutes": by_minute(steady, traffic(steady, answers))}


def _tens(played: Played) -> list[dict[str, float]]:
    """For each ten seconds of a phase in which images were answered: its p50 and p99 in ms."""
    return [ten for phase in played.phases for ten in _of_phase(phase, played.answers)]


def _of_phase(phase: Phase, answers: Answers) -> Iterator[dict[str, float]]:
    found = traffic(phase, answers)
    tens: dict[int, list[float]] = {}
    for sent_s, latency_ms in zip(found.sent_s, found.latencies_ms, strict=True):
        tens.setdefault(int((sent_s - phase.begun_s) // 10), []).append(latency_ms)
    for ten, latencies_ms in sorted(tens.items()):
        spread = percentiles(latencies_ms)
        told = {"p50": spread["p50"], "p99": spread["p99"]}
        yield {"begun_s": phase.begun_s + 10.0 * ten, "answered": len(latencies_ms), **told}


def _fuzzed(runs: int, output: Path, tell: Tell) -> list[dict[str, Any]]:
    """Fuzz every reader, where that is asked for."""
    outcomes = []
    for name in TARGETS if runs else ():
        tell(f"fuzzing {name}")
        try:
            outcomes.append(fuzz(name, output, Limits(runs)))
        except SegmentationError as error:
            outcomes.append(Outcome(name, 0, 0, 0, 0, 0, str(error)))
            break
    return [{**asdict(one), "is_met": not one.finding} for one in outcomes]
