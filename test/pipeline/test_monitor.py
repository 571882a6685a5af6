"""The monitor: what it reports of the frames of a period and of all of them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from segmentation_node.core.timing import RollingStats
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.monitor import Monitor, Report

MS = 1_000_000


def test_the_age_of_the_input_is_by_the_clock_of_the_node() -> None:
    monitor = Monitor()
    for age_ms in (5, 10, 15):
        monitor.arrived(1000 * MS, (1000 + age_ms) * MS)
    report = monitor.report(Counts(received=3))
    assert report.input_age is not None
    assert report.input_age.p50_ms == pytest.approx(10)
    assert report.silence_s is not None


def test_before_simulated_time_begins_there_is_no_age() -> None:
    monitor = Monitor()
    monitor.arrived(1000 * MS, 0)
    assert monitor.report(Counts(received=1)).input_age is None


def test_stamps_that_jump_back_are_counted_in_their_period() -> None:
    monitor = Monitor()
    for stamp in (10, 20, 30, 10, 20):
        monitor.arrived(stamp * MS, 50 * MS)
    first, second = monitor.report(Counts()), monitor.report(Counts())
    assert (first.stamp_jumps, first.recent_stamp_jumps) == (1, 1)
    assert (second.stamp_jumps, second.recent_stamp_jumps) == (1, 0)


def test_a_frame_over_the_deadline_is_a_miss_and_no_deadline_has_none() -> None:
    monitor = Monitor(deadline_ms=20.0)
    monitor.published({"total": 19.0})
    monitor.published({"total": 21.0})
    assert monitor.report(Counts()).deadline_misses == 1
    free = Monitor()
    free.published({"total": 1e6})
    assert free.report(Counts()).deadline_misses == 0


def test_an_engine_error_lasts_until_a_frame_is_answered() -> None:
    monitor = Monitor()
    monitor.engine_failed("out of memory")
    assert monitor.report(Counts()).engine_error == "out of memory"
    monitor.published({"total": 1.0})
    assert monitor.report(Counts()).engine_error == ""


def test_the_last_malformation_is_kept() -> None:
    monitor = Monitor()
    monitor.malformed("too short")
    assert monitor.report(Counts()).last_malformation == "too short"
    assert monitor.report(Counts()).last_malformation == "too short"


def test_rates_are_those_of_the_period() -> None:
    monitor = Monitor()
    monitor.report(Counts(received=10, processed=10))
    report = monitor.report(Counts(received=40, processed=25, skipped=15))
    assert report.recent == Counts(received=30, processed=15, skipped=15)
    assert Report(2.0, recent=report.recent).input_rate_hz == 15.0
    assert Report(2.0, recent=report.recent).rate_hz == 7.5


def test_stages_are_given_as_percentiles() -> None:
    monitor = Monitor()
    for total in range(1, 101):
        monitor.published({"inference": total / 2, "total": float(total)})
    stages = monitor.report(Counts()).stages
    assert stages["total"].p95_ms == pytest.approx(95.05)
    assert stages["inference"].max_ms == 50.0


def test_the_budget_is_the_time_between_two_frames_and_the_slower_thread_uses_it() -> None:
    monitor = Monitor(deadline_ms=40.0)
    for busy_ms in (10.0, 20.0, 30.0):
        monitor.published({"total": busy_ms + 5}, busy_ms)
    report = monitor.report(Counts())
    assert report.deadline_ms == 40.0
    assert report.busy is not None
    assert report.busy.p50_ms == 20.0
    at_25_hz = replace(report, period_s=2.0, recent=Counts(received=50))
    assert at_25_hz.frame_budget_ms == 40.0
    assert at_25_hz.budget_used == pytest.approx(29 / 40)


def test_frames_above_the_rate_limit_leave_their_time_to_the_others() -> None:
    report = Report(period_s=2.0, recent=Counts(received=60, processed=20, limited=40))
    assert (report.input_rate_hz, report.rate_hz, report.frame_budget_ms) == (30.0, 10.0, 100.0)
    all_limited = Report(period_s=2.0, recent=Counts(received=3, limited=3))
    assert math.isnan(all_limited.frame_budget_ms)


def test_without_frames_there_is_no_budget() -> None:
    report = Monitor().report(Counts())
    assert math.isnan(report.frame_budget_ms)
    assert math.isnan(report.budget_used)


def test_another_network_begins_its_own_timing() -> None:
    monitor = Monitor()
    monitor.published({"total": 50.0}, busy_ms=40.0)
    monitor.engine_failed("out of memory")
    monitor.begin_timing()
    report = monitor.report(Counts())
    assert (dict(report.stages), report.busy, report.engine_error) == ({}, None, "")


def test_several_cameras_add_up_and_their_shares_of_the_budget_too() -> None:
    busy = RollingStats(10)
    busy.add(10.0)
    front = Report(
        2.0,
        Counts(received=90, processed=80),
        Counts(received=60, processed=60),
        busy=busy.stats(),
        silence_s=0.5,
        recent_deadline_misses=1,
    )
    rear = replace(
        front,
        recent=Counts(received=20, processed=20),
        silence_s=None,
        engine_error="out of memory",
        last_malformation="cut",
    )
    idle = Report(2.0)
    total = Report.total([front, rear, idle])
    assert (total.rate_hz, total.counts) == (40.0, Counts(received=180, processed=160))
    assert (total.silence_s, total.engine_error, total.last_malformation) == (
        0.5,
        "out of memory",
        "cut",
    )
    assert total.recent_deadline_misses == 2
    # 10 ms of 33.3 ms, and 10 ms of 100 ms.
    assert total.budget_used == pytest.approx(0.4)
