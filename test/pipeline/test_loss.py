"""Lost frames: their share, their estimate from stamps, and rates over more than a second."""

from __future__ import annotations

import math

import pytest

from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.loss import Gaps, Loss, Rate, RecentLoss
from segmentation_node.pipeline.monitor import Monitor, Report


def test_the_share_is_of_the_latest_ten_seconds() -> None:
    now = [100.0]
    recent = RecentLoss(lambda: now[0])
    assert recent.latest().share == 0.0
    for _ in range(5):
        recent.add(received=3, lost=1)
        now[0] += 1.0
    assert recent.latest() == Loss(received=15, lost=5)
    assert recent.latest().share == 0.25
    now[0] += 7.0
    assert recent.latest() == Loss(received=6, lost=2)
    now[0] += 60.0
    assert recent.latest() == Loss()


def stamps(rate_hz: float, frames: int, keep: int = 1, jitter: float = 0.0) -> list[int]:
    """Stamps of a camera of which one frame of `keep` arrives, and all of the first few."""
    at = [(one + jitter * math.sin(one)) / rate_hz for one in range(frames)]
    return [round(1e9 * (1000 + t)) for i, t in enumerate(at) if i % keep == 0 or i % 20 < 4]


@pytest.mark.parametrize(("keep", "jitter"), [(1, 0.0), (1, 0.2), (4, 0.0), (7, 0.1)])
def test_gaps_between_stamps_count_what_is_missing(keep: int, jitter: float) -> None:
    arrived = stamps(15.0, 300, keep, jitter)
    gaps = Gaps()
    missing = sum(gaps.lost_before(one) for one in arrived)
    assert missing == pytest.approx(300 - len(arrived), rel=0.1)
    assert keep > 1 or missing == 0


def test_pauses_jumps_and_stamps_of_zero_are_no_lost_frames() -> None:
    gaps = Gaps()
    for start_s in (1000, 1100, 50):
        at = [round(1e9 * (start_s + one / 15)) for one in range(40)]
        assert sum(gaps.lost_before(one) for one in at) == 0
    assert [gaps.lost_before(0) for _ in range(20)] == [0] * 20


def test_the_rate_of_a_steady_camera_is_its_own_and_not_a_whole_number() -> None:
    """Looked at once a second, 15 Hz was shown as 16.0."""
    rate, shown = Rate(), []
    for second in range(1, 41):
        at_s = second * 1.0667  # timers are late
        shown.append(rate.of(int(15 * at_s), at_s, is_silent=False))
    assert math.isnan(shown[0])
    assert shown[-20:] == pytest.approx([15.0] * 20, abs=0.11)


def test_the_rate_begins_anew_after_a_silence() -> None:
    rate = Rate()
    for second in range(10):
        rate.of(0, float(second), is_silent=True)
    assert rate.of(0, 9.5, is_silent=True) != 0.0
    assert rate.of(15, 10.5, is_silent=False) == 15.0


def test_what_is_lost_is_beside_what_is_received_and_its_share_in_the_report() -> None:
    monitor = Monitor()
    for frame in range(30):
        monitor.arrived((1000 + frame) * 10**9, 0)
    monitor.lost(8)
    monitor.lost(2)
    report = monitor.report(Counts(received=30, processed=30))
    assert (report.lost, report.counts.received) == (10, 30)
    assert report.recent_loss == Loss(received=30, lost=10)
    total = Report.total([report, report])
    assert (total.lost, total.recent_loss.share) == (20, 0.25)


def test_losses_are_estimated_where_the_middleware_counts_none() -> None:
    monitor = Monitor()
    monitor.count_gaps()
    for one in stamps(10.0, 100, keep=5):
        monitor.arrived(one, 0)
    report = monitor.report(Counts())
    assert report.lost == pytest.approx(100 - report.recent_loss.received, abs=8)


def test_stamps_of_zero_are_counted_and_have_no_age() -> None:
    monitor = Monitor()
    assert monitor.has_stamps
    for _ in range(3):
        monitor.arrived(0, 5 * 10**9)
    report = monitor.report(Counts(received=3))
    assert (report.zero_stamps, report.input_age, report.stamp_jumps) == (3, None, 0)
    assert not monitor.has_stamps
    monitor.arrived(4 * 10**9, 5 * 10**9)
    assert monitor.has_stamps
