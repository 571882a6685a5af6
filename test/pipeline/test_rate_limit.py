"""The rate limit: how many frames pass, which ones, and what jitter and jumps do to it."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.pipeline.rate_limit import RateLimit

START_NS = 1_700_000_000_000_000_000


def stamps(rate_hz: float, seconds: float, jitter_ms: float = 0.0) -> list[int]:
    """Stamps of a camera, nanoseconds, each off by up to so much."""
    random = np.random.default_rng(3)
    times_s = np.arange(0, seconds, 1 / rate_hz)
    off_ms = random.uniform(-jitter_ms, jitter_ms, times_s.size)
    return [START_NS + round(at * 1e9 + off * 1e6) for at, off in zip(times_s, off_ms, strict=True)]


def passed(limit: RateLimit, offered: list[int]) -> list[int]:
    return [stamp for stamp in offered if limit.admits(stamp)]


@pytest.mark.parametrize("rate_hz", [0.5, 5.0, 30.0, 1000.0])
def test_without_a_limit_all_pass(rate_hz: float) -> None:
    camera = stamps(rate_hz, 2.0)
    assert passed(RateLimit(0.0), camera) == camera


@pytest.mark.parametrize(
    ("camera_hz", "limit_hz"), [(30, 10), (30, 15), (30, 20), (30, 7), (60, 29), (25, 1), (30, 0.5)]
)
@pytest.mark.parametrize("jitter_ms", [0.0, 3.0])
def test_a_faster_camera_is_answered_at_the_limit(
    camera_hz: float, limit_hz: float, jitter_ms: float
) -> None:
    frames = passed(RateLimit(limit_hz), stamps(camera_hz, 20.0, jitter_ms))
    assert abs(len(frames) - 20.0 * limit_hz) <= 1


@pytest.mark.parametrize("camera_hz", [5.0, 29.0, 30.0])
def test_a_camera_within_the_limit_loses_nothing_to_jitter(camera_hz: float) -> None:
    camera = stamps(camera_hz, 20.0, jitter_ms=3.0)
    assert passed(RateLimit(30.0), camera) == camera


def test_of_a_regular_camera_every_so_manieth_passes() -> None:
    camera = stamps(30.0, 3.0)
    assert passed(RateLimit(10.0), camera) == camera[::3]


def test_the_same_frames_pass_whenever_they_come() -> None:
    camera = stamps(30.0, 5.0, jitter_ms=5.0)
    assert passed(RateLimit(12.0), camera) == passed(RateLimit(12.0), camera)


def test_after_a_gap_no_places_have_been_saved_up() -> None:
    limit = RateLimit(10.0)
    first = stamps(30.0, 1.0)
    second = [stamp + 60_000_000_000 for stamp in first]
    assert len(passed(limit, first)) == len(passed(limit, second)) == 10


def test_a_looping_bag_begins_anew() -> None:
    limit = RateLimit(10.0)
    bag = stamps(30.0, 2.0)
    once = passed(limit, bag)
    assert passed(limit, bag) == once


def test_two_frames_that_swap_places_are_not_taken_for_a_jump() -> None:
    limit = RateLimit(10.0)
    camera = stamps(30.0, 2.0)
    camera[3], camera[4] = camera[4], camera[3]
    assert len(passed(limit, camera)) == 20


def test_the_place_of_a_frame_that_is_none_goes_to_the_next_one() -> None:
    limit, camera = RateLimit(1.0), stamps(30.0, 3.0)
    assert limit.admits(camera[0])
    limit.take_back()
    assert [limit.admits(stamp) for stamp in camera[1:3]] == [True, False]
    assert passed(limit, camera[3:30]) == []
    assert limit.admits(camera[31])
    limit.take_back()
    assert limit.admits(camera[32])
    assert not limit.admits(camera[33])


def test_another_limit_holds_from_the_next_frame_on() -> None:
    limit = RateLimit(1.0)
    camera = stamps(30.0, 4.0)
    assert len(passed(limit, camera[:30])) == 1
    limit.rate_hz = 15.0
    assert len(passed(limit, camera[30:60])) == 15
    limit.rate_hz = 0.0
    assert len(passed(limit, camera[60:])) == 60
