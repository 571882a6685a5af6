from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.bench.benchmark.figures import latency, ratio, throughput
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.power import Span
from segmentation_node.bench.benchmark.turns import FRAME, Record, Turn

PLAN = Plan(resamples=50)


def record(*turns: list[float]) -> Record:
    """Turns of a second each, with these times of a frame; inference is half of it."""
    made = []
    for at, times in enumerate(turns):
        array = np.array(times)
        made.append(Turn(Span(at, at + 1), {FRAME: array, "inference": array / 2}))
    return Record(made)


def test_percentiles_are_over_all_frames_of_all_turns() -> None:
    found = latency(record([1, 2, 3], [4, 5, 600]), PLAN)
    assert found[FRAME]["p50_ms"] == 3.5
    assert found[FRAME]["max_ms"] == 600
    assert found[FRAME]["count"] == 6
    assert found["inference"]["p50_ms"] == 1.75
    assert found[FRAME]["intervals"] is None


def test_percentiles_have_intervals_where_there_are_rounds_enough() -> None:
    ends = latency(record(*[[1, 2, 3]] * 5), PLAN)[FRAME]["intervals"]
    assert ends["p50_ms"] == (2, 2)
    assert set(ends) == {"p50_ms", "p95_ms", "p99_ms"}


def test_throughput_counts_what_lies_between_frames() -> None:
    assert throughput(record([1, 2, 3], [1] * 7), PLAN)["fps"] == 5


def test_a_ratio_is_that_of_the_same_rounds() -> None:
    # The machine is ten times slower in the second round: the ratio does not see it.
    found = ratio(record([2, 2], [20, 20]), record([1, 1], [10, 10]), FRAME, PLAN)
    assert found == {"p50": 2, "interval": None}


def test_a_ratio_to_itself_is_one_and_sure() -> None:
    one = record(*[[1, 2, 3]] * 6)
    assert ratio(one, one, FRAME, PLAN) == {"p50": 1, "interval": (1, 1)}


def test_rounds_that_only_one_has_are_left_out_of_the_ratio() -> None:
    found = ratio(record([2]), record([1], [10]), FRAME, PLAN)
    assert found["p50"] == pytest.approx(2)
