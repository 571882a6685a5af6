from __future__ import annotations

import numpy as np

from segmentation_node.bench.benchmark.interval import intervals
from segmentation_node.bench.benchmark.plan import Plan

PLAN = Plan(resamples=200)


def turns(count: int, spread: float) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [10 + spread * random.normal() + random.normal(size=30) for _ in range(count)]


def test_an_interval_holds_the_figure_and_is_the_same_each_time() -> None:
    data = turns(10, 1.0)
    found = intervals(data, np.median, PLAN)
    assert found is not None
    (low, high), middle = found[0], np.median(np.concatenate(data))
    assert low < middle < high
    assert intervals(data, np.median, PLAN) == found


def test_rounds_that_differ_make_it_wider() -> None:
    (steady,), (shaken,) = (intervals(turns(10, spread), np.median, PLAN) for spread in (0, 5))
    assert shaken[1] - shaken[0] > 2 * (steady[1] - steady[0])


def test_several_figures_have_an_interval_each() -> None:
    found = intervals(turns(6, 1.0), lambda drawn: np.percentile(drawn, (5, 95)), PLAN)
    assert found is not None
    assert len(found) == 2
    assert found[0][1] < found[1][0]


def test_few_rounds_have_none() -> None:
    assert intervals(turns(4, 1.0), np.median, PLAN) is None
