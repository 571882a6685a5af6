"""What the turns of a configuration come to: latency by stage, throughput, and ratios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.benchmark.interval import intervals
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.turns import Record
from segmentation_node.core.timing import RollingStats

PERCENTILES = (50, 95, 99)

Figures = dict[str, Any]


def latency(record: Record, plan: Plan) -> dict[str, Figures]:
    """Milliseconds of each stage over all frames, with intervals of the percentiles.

    Args:
        record: With a turn at least.
        plan: How intervals are made.
    """
    return {stage: _stage(record.by_turn(stage), plan) for stage in record.turns[0].times_ms}


def throughput(record: Record, plan: Plan) -> Figures:
    """Frames a second, one after the other, with what lies between two of them."""
    counts = [np.array([[turn.frames, turn.span.seconds]]) for turn in record.turns]
    found = intervals(counts, _rate, plan)
    return {"fps": _rate(np.concatenate(counts)), "interval": found and found[0]}


def ratio(record: Record, reference: Record, stage: str, plan: Plan) -> Figures:
    """How many times the reference's a configuration's time is, round by round.

    Args:
        record: The configuration.
        reference: Another one of the same rounds.
        stage: Which time.
        plan: How intervals are made.

    Returns:
        `p50`, the median over the rounds of the ratio of the medians, and its interval.
    """
    # A configuration that failed on the way has fewer rounds.
    pairs = zip(record.by_turn(stage), reference.by_turn(stage), strict=False)
    ratios = [np.array([np.median(own) / np.median(other)]) for own, other in pairs]
    found = intervals(ratios, np.median, plan)
    return {"p50": float(np.median(ratios)), "interval": found and found[0]}


def _stage(turns: Sequence[NDArray[np.float64]], plan: Plan) -> Figures:
    times = np.concatenate(turns)
    rolling = RollingStats(len(times))
    for time_ms in times.tolist():
        rolling.add(time_ms)
    found = intervals(turns, lambda drawn: np.percentile(drawn, PERCENTILES), plan)
    names = [f"p{percentile}_ms" for percentile in PERCENTILES]
    return {
        **rolling.stats().to_mapping(),
        "intervals": found and dict(zip(names, found, strict=True)),
    }


def _rate(counts: NDArray[np.float64]) -> float:
    frames, seconds = counts.sum(axis=0).tolist()
    return float(frames / seconds)
