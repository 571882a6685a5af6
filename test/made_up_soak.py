"""What the programs of a soak say, made up: a phase of ten images that went well, and its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.soak.play import Played
from benchmarks.soak.sampler import Sample
from benchmarks.soak.traffic import Answers, Phase, traffic
from benchmarks.soak.verdicts import JUDGES, Evidence, Verdict

IMAGES = 10
LATENCY_MS = 20.0
NOTES: dict[str, dict[str, Any]] = {
    "warm_up": {"facts": {"model": "small", "precision": "fp32", "state": "active"}},
    "node_stalls": {},
    "listener_stalls": {},
    "steady": {},
    "camera_stops": {"rounds": 1, "silences_told": 1},
    "camera_resizes": {"sizes": 2},
    "parameter_flood": {"requests": 5, "answered_right": 5, "took_s": 0.5},
    "clock_jumps": {"switched": True, "jumps_back": 1, "clock_off_s": [0.1, 0.2]},
    "slow_subscriber": {"taken": 3},
    "lifecycle_cycles": {
        "cycles": 2,
        "refused": 0,
        "state": "active",
        "took_s": [0.1, 0.1],
        "counts_anew": True,
    },
    "after_the_faults": {},
}
SINCE = {
    "node_stalls": "freed_ns",
    "listener_stalls": "freed_ns",
    "camera_stops": "plugged_ns",
}
"""Where a phase notes from when on answers are due again."""


def sent(begin_s: float) -> list[tuple[int, int, int, int]]:
    """Ten images, one a second, the second half of another size."""
    moments = (int((begin_s + index) * 1e9) for index in range(IMAGES))
    shapes = [(48, 64)] * (IMAGES // 2) + [(24, 32)] * (IMAGES // 2)
    return [(at + 7, at, *shape) for at, shape in zip(moments, shapes, strict=True)]


def phase_of(name: str, begin_s: float = 0.0, **changes: Any) -> Phase:
    images = sent(begin_s)
    after = {"received": IMAGES, "processed": IMAGES, "stamp_jumps": name == "clock_jumps"}
    notes = dict(NOTES[name])
    if name in SINCE:
        notes[SINCE[name]] = [images[0][1]]
    whole = Phase(name, begin_s, begin_s + IMAGES - 0.5, images, {}, after, notes)
    return replace(whole, **changes)


def answers_to(images: Sequence[tuple[int, int, int, int]]) -> Answers:
    labels = [[one[0], one[1] + int(LATENCY_MS * 1e6), *one[2:]] for one in images]
    return Answers.of({"labels": labels, "colors": [one[0] for one in images]})


def samples_of(begin_s: float, slope_mib_s: float = 0.0, more_files: int = 0) -> list[Sample]:
    return [
        Sample(begin_s + at, 100 + slope_mib_s * at, 60, 30 + more_files * (at > 5), 12)
        for at in range(IMAGES)
    ]


def evidence_of(name: str, answers: Answers | None = None, **changes: Any) -> Evidence:
    phase = phase_of(name, **changes)
    found = answers_to(phase.sent) if answers is None else answers
    return Evidence(phase, traffic(phase, found), samples_of(0.0))


def played() -> Played:
    """A whole soak in which all went well."""
    phases = tuple(phase_of(name, 10.0 * at) for at, name in enumerate(JUDGES))
    images = [image for phase in phases for image in phase.sent]
    samples = [sample for phase in phases for sample in samples_of(phase.begun_s)]
    return Played(phases, answers_to(images), tuple(samples), Verdict((), "exit status 0"))
