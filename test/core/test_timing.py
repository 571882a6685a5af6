from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.core.timing import RollingStats, StageClock, StageStats, Stats
from segmentation_node.errors import ConfigError

DURATIONS = st.lists(st.floats(0, 1e5), min_size=1, max_size=50)


@given(DURATIONS, st.integers(1, 60))
def test_figures_are_numpys_over_the_latest_samples(samples: list[float], window: int) -> None:
    rolling = RollingStats(window)
    for sample in samples:
        rolling.add(sample)
    latest = samples[-window:]
    stats = rolling.stats()
    assert stats.count == len(latest)
    assert rolling.total == len(samples)
    assert stats.max_ms == max(latest)
    assert stats.mean_ms == pytest.approx(np.mean(latest))
    for share, figure in ((50, stats.p50_ms), (95, stats.p95_ms), (99, stats.p99_ms)):
        assert figure == pytest.approx(np.percentile(latest, share))


def test_no_samples_give_no_figures_rather_than_zeros() -> None:
    stats = RollingStats(5).stats()
    assert stats.count == 0
    assert math.isnan(stats.p50_ms)
    assert math.isnan(stats.max_ms)


def test_figures_are_named_with_their_unit() -> None:
    stats = Stats(1, 2.0, 3.0, 4.0, 5.0, 6.0)
    assert stats.to_mapping() == {
        "count": 1,
        "mean_ms": 2.0,
        "p50_ms": 3.0,
        "p95_ms": 4.0,
        "p99_ms": 5.0,
        "max_ms": 6.0,
    }


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="window of 0"):
        RollingStats(0)


class Ticks:
    """A clock that a test moves by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    clock = Ticks()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


def test_stages_add_up_to_the_total(ticks: Ticks) -> None:
    clock = StageClock(("in", "run", "out"))
    clock.start()
    for stage, at in (("in", 0.25), ("run", 1.0), ("out", 1.5)):
        ticks.now = at
        clock.mark(stage)
    ticks.now = 9.0
    assert clock.stages_ms() == {"in": 250.0, "run": 750.0, "out": 500.0, "total": 1500.0}


def test_a_stage_marked_twice_is_summed_and_one_left_out_is_zero(ticks: Ticks) -> None:
    clock = StageClock(("in", "run"))
    clock.start()
    for at in (0.5, 2.0):
        ticks.now = at
        clock.mark("run")
    assert clock.stages_ms() == {"in": 0.0, "run": 2000.0, "total": 2000.0}


def test_each_frame_begins_at_zero(ticks: Ticks) -> None:
    clock = StageClock(("run",))
    for _ in range(2):
        clock.start()
        ticks.now += 1.0
        clock.mark("run")
    assert clock.stages_ms() == {"run": 1000.0, "total": 1000.0}


def test_unknown_stages_are_refused() -> None:
    with pytest.raises(KeyError):
        StageClock(("run",)).mark("walk")


def test_stages_have_figures_of_their_own() -> None:
    stages = StageStats(window=2)
    for total in (1.0, 2.0, 6.0):
        stages.add({"run": total / 2, "total": total})
    stats = stages.stats()
    assert stats["total"].max_ms == 6.0
    assert stats["total"].mean_ms == 4.0
    assert stats["run"].mean_ms == 2.0
