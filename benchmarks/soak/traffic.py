"""What became of the images of a phase: both ends' notes and the node's own counts put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_FAILED = ("malformed", "failed")


@dataclass(frozen=True)
class Answers:
    """What the listener noted.

    Args:
        labels: By stamp in ns, when a label image arrived (monotonic ns), its height and width.
        colors: The stamps of the colour images, ns.
        count: How many label images arrived; more than `labels` where one came twice.
    """

    labels: Mapping[int, tuple[int, int, int]]
    colors: frozenset[int]
    count: int

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> Answers:
        """Read the listener's event `figures`."""
        labels = {stamp: (at, height, width) for stamp, at, height, width in figures["labels"]}
        return cls(labels, frozenset(figures["colors"]), len(figures["labels"]))


@dataclass(frozen=True)
class Phase:
    """What the driver noted of a phase.

    Args:
        name: Of the phase.
        begun_s: When it began, seconds of the monotonic clock.
        ended_s: When it ended.
        sent: Of each image the stamp, the monotonic moment of sending (ns), height and width.
        before: What the node had counted before it.
        after: What it had counted once the last image had become of something.
        notes: What the phase itself noted.
        error: What went wrong; empty where nothing did.
    """

    name: str
    begun_s: float
    ended_s: float
    sent: Sequence[tuple[int, int, int, int]] = ()
    before: Mapping[str, int] = field(default_factory=dict)
    after: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Phase:
        """Read the driver's event `phase`."""
        return cls(**{name: one for name, one in event.items() if name != "event"})

    def counted(self, name: str) -> int:
        """What the node counted in the phase."""
        return self.after.get(name, 0) - self.before.get(name, 0)


@dataclass(frozen=True)
class Traffic:
    """What became of the images of a phase.

    Args:
        sent: How many there were.
        unheard: Of them those that the node did not receive.
        skipped: Those that it left for a newer one, and said so.
        failed: Those that it could not answer, and said so.
        answered: Those whose labels arrived.
        labels_lost: Labels that it sent and that did not arrive.
        colors_lost: The same of colour images.
        misshapen: Labels whose size is not that of their image.
        latencies_ms: From the sending of each image to the arrival of its labels, milliseconds.
        sent_s: When each of these was sent, seconds of the monotonic clock.
        is_accounted: Whether the node's counts are of the whole phase: they begin anew when it is
            configured, and say nothing of its earlier lives.
    """

    sent: int
    unheard: int
    skipped: int
    failed: int
    answered: int
    labels_lost: int
    colors_lost: int
    misshapen: int
    latencies_ms: tuple[float, ...]
    sent_s: tuple[float, ...]
    is_accounted: bool = True

    def to_mapping(self) -> dict[str, Any]:
        """The figures for JSON, latencies as percentiles; None for what is not accounted for."""
        names = ("skipped", "failed", "unheard", "labels_lost", "colors_lost")
        counts = {name: getattr(self, name) if self.is_accounted else None for name in names}
        own = {"sent": self.sent, "answered": self.answered, **counts}
        return {**own, "latency_ms": percentiles(self.latencies_ms)}


def traffic(phase: Phase, answers: Answers) -> Traffic:
    """Put together what both ends and the node itself say of a phase."""
    arrived = [(one, answers.labels[one[0]]) for one in phase.sent if one[0] in answers.labels]
    colors = sum(stamp in answers.colors for stamp, *_ in phase.sent)
    processed = phase.counted("processed")
    return Traffic(
        sent=len(phase.sent),
        unheard=len(phase.sent) - phase.counted("received"),
        skipped=phase.counted("skipped"),
        failed=sum(phase.counted(name) for name in _FAILED),
        answered=len(arrived),
        labels_lost=processed - len(arrived),
        colors_lost=processed - colors,
        misshapen=sum(sent[2:] != tuple(answer[1:]) for sent, answer in _shaped(arrived)),
        latencies_ms=tuple((answer[0] - sent[1]) * 1e-6 for sent, answer in arrived),
        sent_s=tuple(sent[1] * 1e-9 for sent, _ in arrived),
        is_accounted=not phase.notes.get("counts_anew", False),
    )


def _shaped(arrived: Sequence[tuple[Any, Any]]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The same, as tuples: JSON made lists of them."""
    return [(tuple(sent), tuple(answer)) for sent, answer in arrived]


def percentiles(latencies_ms: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the longest, milliseconds; nothing where there are none."""
    if not latencies_ms:
        return {}
    p50, p99, longest = np.percentile(latencies_ms, (50, 99, 100)).tolist()
    return {"p50": round(p50, 3), "p99": round(p99, 3), "max": round(longest, 3)}


def by_minute(phase: Phase, found: Traffic) -> list[dict[str, Any]]:
    """The latency of each minute of a phase, by when an image was sent."""
    minutes: dict[int, list[float]] = {}
    for sent_s, latency_ms in zip(found.sent_s, found.latencies_ms, strict=True):
        minutes.setdefault(int((sent_s - phase.begun_s) // 60), []).append(latency_ms)
    return [
        {"minute": minute, "answered": len(those), **percentiles(those)}
        for minute, those in sorted(minutes.items())
    ]
