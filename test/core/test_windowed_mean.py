"""The mean over a window: an integral over time, however the frames are spaced."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation_node.core.windowed_mean import WindowedMean

S = 1_000_000_000


def test_figures_count_for_the_time_since_those_before() -> None:
    mean = WindowedMean(10 * S)
    assert mean.add(100 * S, [7.0]) == (7.0,)  # no time has passed: the figures themselves
    assert mean.add(101 * S, [10.0]) == (10.0,)
    assert mean.add(104 * S, [20.0]) == ((10 + 3 * 20) / 4,)


def test_a_burst_weighs_no_more_than_one_frame_in_the_same_time() -> None:
    mean = WindowedMean(10 * S)
    mean.add(0, [0.0])
    for step in range(1, 101):
        mean.add(step * S // 100, [50.0])
    assert mean.add(2 * S, [100.0]) == pytest.approx((75.0,))


def test_what_is_older_than_the_window_is_forgotten_to_the_nanosecond() -> None:
    mean = WindowedMean(10 * S)
    mean.add(0, [0.0])
    mean.add(6 * S, [30.0])
    assert mean.add(12 * S, [60.0]) == pytest.approx(((4 * 30 + 6 * 60) / 10,))


def test_after_a_gap_the_newest_figures_stand_for_all_of_the_window() -> None:
    mean = WindowedMean(10 * S)
    mean.add(0, [5.0])
    mean.add(S, [5.0])
    assert mean.add(1_700_000_000 * S, [80.0]) == pytest.approx((80.0,))
    assert mean.add(1_700_000_005 * S, [40.0]) == pytest.approx((60.0,))


def test_equal_stamps_and_an_empty_window_give_the_latest_figures() -> None:
    assert [WindowedMean(10).add(5, [1.0])] * 2 == [(1.0,), (1.0,)]
    mean = WindowedMean(0)
    mean.add(1, [1.0])
    assert (mean.add(1, [2.0]), mean.add(3, [4.0])) == ((2.0,), (4.0,))


def test_cleared_it_knows_nothing() -> None:
    mean = WindowedMean(10 * S)
    mean.add(0, [1.0, 2.0])
    mean.add(5 * S, [1.0, 2.0])
    mean.clear()
    assert mean.add(S, [9.0]) == (9.0,)


@settings(deadline=None, max_examples=50)
@given(
    gaps_ms=st.lists(st.integers(0, 4000), min_size=1, max_size=40),
    window_ms=st.integers(1, 9000),
    seed=st.integers(0, 99),
)
def test_it_is_the_mean_over_every_millisecond_of_the_window(
    gaps_ms: list[int], window_ms: int, seed: int
) -> None:
    figures = np.random.default_rng(seed).uniform(0, 255, len(gaps_ms) + 1)
    mean = WindowedMean(window_ms * 1_000_000)
    held = []  # what holds in each millisecond: the next frame's figure
    found = mean.add(0, [figures[0]])
    for gap_ms, figure in zip(gaps_ms, figures[1:], strict=True):
        held += [figure] * gap_ms
        found = mean.add(len(held) * 1_000_000, [figure])
    expected = np.mean(held[-window_ms:]) if held else figures[-1]
    assert found == pytest.approx((expected,))
