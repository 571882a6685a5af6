"""Runs several things in rounds, each in its turn, and keeps the time of every frame.

Machines slow down and speed up from one second to the next, and warm up over minutes. What is
measured one after the other is measured on different machines; so each round holds a turn of every
configuration, and each begins with another one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.power import Span
from segmentation_node.errors import SegmentationError

FRAME = "frame"
"""The stage that is the whole of it, by the clock around the call."""

Run = Callable[[int], Mapping[str, float]]
"""Segments the frame of that number; gives the milliseconds of its stages."""

Key = TypeVar("Key", bound=Hashable)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Turn:
    """Frames of one configuration, one right after the other.

    Args:
        span: When.
        times_ms: (n,) float64 milliseconds of every frame, by stage.
    """

    span: Span
    times_ms: Mapping[str, NDArray[np.float64]]

    @property
    def frames(self) -> int:
        """How many frames."""
        return len(self.times_ms[FRAME])


@dataclass(eq=False)
class Record:
    """All turns of one configuration, and why there are no more; empty where none failed."""

    turns: list[Turn] = field(default_factory=list)
    error: str = ""

    @property
    def frames(self) -> int:
        """How many frames."""
        return sum(turn.frames for turn in self.turns)

    @property
    def seconds(self) -> float:
        """How long they took, with what lies between two frames."""
        return sum(turn.span.seconds for turn in self.turns)

    def by_turn(self, stage: str) -> list[NDArray[np.float64]]:
        """(n,) float64 milliseconds of a stage, for each turn."""
        return [turn.times_ms[stage] for turn in self.turns]


def take_turns(runs: Mapping[Key, Run], plan: Plan, progress: Progress) -> dict[Key, Record]:
    """Warm everything up, then let it have its turns.

    Args:
        runs: By whatever tells them apart.
        plan: How many rounds, how long a turn is.
        progress: Called with the number of rounds done, and of all.

    Returns:
        A record for each; what fails in a turn has no further ones, and the rest goes on.
    """
    records = {name: Record() for name in runs}
    order = deque(runs)
    for name, run in runs.items():
        _note_failure(records[name], partial(_repeat, run, plan.warm_up))
    for done in range(1, plan.rounds + 1):
        for name in order:
            _note_failure(records[name], partial(_add_turn, records[name], runs[name], plan))
        order.rotate(-1)
        progress(done, plan.rounds)
    return records


def _note_failure(record: Record, do: Callable[[], None]) -> None:
    """Do something, if nothing has failed so far."""
    if record.error:
        return
    try:
        do()
    except SegmentationError as error:
        record.error = str(error)


def _repeat(run: Run, times: int) -> None:
    for number in range(times):
        run(number)


def _add_turn(record: Record, run: Run, plan: Plan) -> None:
    _repeat(run, plan.settle)
    record.turns.append(_turn(run, plan))


def _turn(run: Run, plan: Plan) -> Turn:
    found: list[Mapping[str, float]] = []
    begin_s = now_s = time.monotonic()
    while len(found) < plan.frames_per_turn or now_s - begin_s < plan.turn_s:
        before = time.perf_counter()
        stages = run(len(found))
        found.append({FRAME: 1e3 * (time.perf_counter() - before), **stages})
        now_s = time.monotonic()
    times = {stage: np.array([one[stage] for one in found]) for stage in found[0]}
    return Turn(Span(begin_s, now_s), times)
