"""What is aimed at, judged by the figures of a race alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.race.contenders import NAIVE, NAIVE_ENGINE, OURS
from benchmarks.race.results import Result, find, overhead_ms, ratio

NAIVE_RATIO = 3.0
"""Times our median latency that the naive node's is to be, at least, below saturation."""

ENGINE_RATIO = 2.0
"""The same of the naive node on our engine."""

OVERHEAD_MS = 3.0
"""What our node may add, for the camera below, to `Segmenter` alone and the way there and back."""

OVERHEAD_CAMERA = "720x1280"


@dataclass(frozen=True)
class Goal:
    """One aim, and what it came to where it was farthest from it.

    Args:
        text: What is aimed at.
        worst: The figure where it was worst; None where nothing was measured.
        where: On which course that was.
        is_met: Whether it was met there; None where nothing was measured.
    """

    text: str
    worst: float | None = None
    where: str = ""
    is_met: bool | None = None

    @property
    def verdict(self) -> str:
        """`met`, `not met`, or `not measured`."""
        return {True: "met", False: "not met", None: "not measured"}[self.is_met]


def judge(results: Sequence[Result], judged_hz: Mapping[str, float]) -> list[Goal]:
    """Judge all goals.

    Args:
        results: Of each contender on each course.
        judged_hz: By the camera's size, the rate that all whom the goals compare can keep.
    """
    ours = [one for one in results if one["contender"] == OURS]
    below = [one for one in ours if one["rate_hz"] == judged_hz[one["camera"]]]
    overheads = [one for one in ours if one["camera"] == OVERHEAD_CAMERA]
    return [
        _goal("no frame lost", ours, _lost, lambda lost: lost == 0, largest=True),
        _ratio_goal(results, below, NAIVE, NAIVE_RATIO, "the naive node"),
        _ratio_goal(results, below, NAIVE_ENGINE, ENGINE_RATIO, "the naive node on our engine"),
        _goal(
            f"p50 at most {OVERHEAD_MS:g} ms above Segmenter alone and the echo, {OVERHEAD_CAMERA}",
            overheads,
            lambda one: overhead_ms(results, one),
            lambda added: added <= OVERHEAD_MS,
            largest=True,
        ),
    ]


def _ratio_goal(
    results: Sequence[Result], ours: Sequence[Result], other: str, least: float, title: str
) -> Goal:
    def measured(one: Result) -> float | None:
        found = find(results, other, one)
        return None if found is None else ratio(found, one)

    text = f"p50 at least {least:g} times lower than {title}, below saturation"
    return _goal(text, ours, measured, lambda times: times >= least, largest=False)


def _goal(
    text: str,
    ours: Sequence[Result],
    measure: Callable[[Result], float | None],
    is_enough: Callable[[float], bool],
    largest: bool,
) -> Goal:
    """Judge by the course on which it was worst."""
    found = list(_figures(ours, measure))
    if not found:
        return Goal(text)
    worst, where = (max if largest else min)(found, key=lambda one: one[0])
    return Goal(text, worst, where, is_enough(worst))


def _figures(
    ours: Sequence[Result], measure: Callable[[Result], float | None]
) -> Iterator[tuple[float, str]]:
    for one in ours:
        figure = measure(one)
        if figure is not None:
            yield figure, "{camera} at {rate_hz:g} Hz, {qos}".format(**one)


def _lost(result: Result) -> float:
    return float(result["lost"] + (result["colors_lost"] or 0))


def to_mapping(goal: Goal) -> dict[str, Any]:
    """The goal for JSON."""
    return {**vars(goal), "verdict": goal.verdict}
