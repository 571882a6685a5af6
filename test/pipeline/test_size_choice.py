"""The choice of a network size: the largest that holds the rate, with nothing timed here."""

from __future__ import annotations

import pytest

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError
from segmentation_node.pipeline.size_choice import (
    SizeTiming,
    budget_ms,
    choose,
    choose_by_trial,
)

SMALL, WIDE, LARGE = NetworkSize(256, 512), NetworkSize(288, 512), NetworkSize(512, 1024)
TIMINGS = [SizeTiming(SMALL, 11.0), SizeTiming(WIDE, 14.0), SizeTiming(LARGE, 60.0)]


def test_the_budget_is_a_share_of_the_time_between_two_frames() -> None:
    assert budget_ms(20.0) == pytest.approx(35.0)


@pytest.mark.parametrize(
    ("rate_hz", "size", "holds"),
    [
        (10.0, LARGE, True),  # 70 ms
        (15.0, WIDE, True),  # 46.7 ms
        (60.0, SMALL, True),  # 11.7 ms
        (100.0, SMALL, False),  # 7 ms
    ],
)
def test_the_largest_that_holds_the_rate_is_taken_else_the_fastest(
    rate_hz: float, size: NetworkSize, holds: bool
) -> None:
    for timings in (TIMINGS, TIMINGS[::-1]):
        choice = choose(timings, rate_hz)
        assert (choice.timing.size, choice.holds) == (size, holds)


def test_a_time_right_at_the_budget_holds() -> None:
    assert choose([SizeTiming(SMALL, budget_ms(30.0))], 30.0).holds


def test_largest_means_most_pixels() -> None:
    tall, broad = NetworkSize(640, 320), NetworkSize(320, 960)
    timings = [SizeTiming(tall, 1.0), SizeTiming(broad, 2.0)]
    assert choose(timings, 30.0).timing.size == broad


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(ConfigError, match="no network size"):
        choose([], 30.0)


class Measured:
    """Gives times from a table, and writes down what was asked."""

    def __init__(self) -> None:
        self.asked: list[NetworkSize] = []

    def __call__(self, size: NetworkSize) -> float:
        self.asked.append(size)
        return {one.size: one.frame_ms for one in TIMINGS}[size]


def test_sizes_are_measured_from_the_smallest_until_one_is_too_slow() -> None:
    measure = Measured()
    choice = choose_by_trial([LARGE, SMALL, WIDE], 60.0, measure)
    assert measure.asked == [SMALL, WIDE]
    assert choice.timing.size == SMALL
    assert choice.unmeasured == (LARGE,)


def test_where_all_hold_the_rate_all_are_measured_once() -> None:
    measure = Measured()
    choice = choose_by_trial([LARGE, SMALL, WIDE, SMALL], 5.0, measure)
    assert measure.asked == [SMALL, WIDE, LARGE]
    assert (choice.timing.size, choice.unmeasured) == (LARGE, ())


def test_where_none_does_the_smallest_alone_is_measured() -> None:
    measure = Measured()
    choice = choose_by_trial([LARGE, SMALL, WIDE], 200.0, measure)
    assert measure.asked == [SMALL]
    assert not choice.holds


def test_the_reason_names_the_sizes_their_times_and_the_budget() -> None:
    assert choose_by_trial([LARGE, SMALL, WIDE], 60.0, Measured()).reason == (
        "256x512 (256 high, 512 wide) takes 11.0 ms, the largest that fits "
        "the 11.7 ms (70 % of a frame at 60 Hz); "
        "288x512 (288 high, 512 wide) takes 14.0 ms; "
        "not measured: 512x1024 (512 high, 1024 wide)"
    )
    assert "the fastest, and yet too slow for the 3.5 ms" in choose(TIMINGS, 200.0).reason
