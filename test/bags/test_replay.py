from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_bags import PERIOD_NS, START_NS

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.replay import ReplaySettings, Timeline, replay
from segmentation_node.errors import ConfigError


def offsets(path, settings: ReplaySettings, count: int = 100) -> list[int]:
    with BagReader(path) as bag:
        timeline = Timeline.of(bag, ["/tf"], settings)
        return [due.offset_ns for due in islice(replay(bag, ["/tf"], timeline, settings), count)]


def test_messages_keep_their_distances(make_bag) -> None:
    assert offsets(make_bag(), ReplaySettings()) == [1000, 1000 + PERIOD_NS, 1000 + 2 * PERIOD_NS]


def test_twice_the_rate_is_half_the_time(make_bag) -> None:
    assert offsets(make_bag(), ReplaySettings(rate=2)) == [
        500,
        500 + PERIOD_NS // 2,
        500 + PERIOD_NS,
    ]


def test_a_start_leaves_out_what_comes_before(make_bag) -> None:
    assert offsets(make_bag(), ReplaySettings(start_s=0.1)) == [1000, 1000 + PERIOD_NS]


def test_a_start_beyond_the_end_is_an_error(make_bag) -> None:
    with pytest.raises(ConfigError, match=r"less than the bag's 0\.2"):
        offsets(make_bag(), ReplaySettings(start_s=1))


def test_a_loop_goes_on_evenly(make_bag) -> None:
    due = offsets(make_bag(), ReplaySettings(loop=True), count=9)
    steps = [after - before for before, after in pairwise(due)]
    assert all(abs(step - PERIOD_NS) < 5000 for step in steps)


def test_an_empty_bag_ends_even_when_it_loops(make_bag) -> None:
    assert offsets(make_bag(frames=0), ReplaySettings(loop=True)) == []


@given(rate=st.floats(0.1, 10), offset=st.integers(0, 10**9))
def test_the_clock_is_the_inverse_of_the_schedule(rate: float, offset: int) -> None:
    timeline = Timeline(START_NS, 10**10, rate)
    time_ns = START_NS + offset
    assert abs(timeline.time_ns(timeline.offset_ns(time_ns)) - time_ns) <= rate + 1


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_out_of_range_is_an_error(rate: float) -> None:
    with pytest.raises(ConfigError, match="rate"):
        ReplaySettings(rate=rate)


@pytest.mark.parametrize("start", [-1, float("nan"), float("inf")])
def test_a_start_out_of_range_is_an_error(start: float) -> None:
    with pytest.raises(ConfigError, match="start"):
        ReplaySettings(start_s=start)
