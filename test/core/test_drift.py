"""Drift: raised in time, ended with hysteresis, by stamps alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from segmentation_node.core.drift import DriftMonitor, DriftSettings
from segmentation_node.core.frame import Frame
from segmentation_node.core.image_statistics import ImageStatistics, image_statistics
from segmentation_node.core.percentiles import PERCENTS, Percentiles
from segmentation_node.core.sampling import PixelSampler
from segmentation_node.errors import ConfigError
from segmentation_node.scenes import Drive

S = 1_000_000_000
USUAL = ImageStatistics(100.0, 50.0, 80.0)
# One per cent of the set to a level: beyond 99 % is below 51 or above 149.
SPREAD = Percentiles(PERCENTS, tuple(50.0 + percent for percent in PERCENTS))
SETTINGS = DriftSettings(window_s=1.0, percentile=99.0, raise_s=3.0, clear_s=4.0)


def monitor(settings: DriftSettings = SETTINGS) -> DriftMonitor:
    """Compares luminance alone with a set from 50 to 150."""
    return DriftMonitor({"luminance": SPREAD}, settings)


def of_luma(luma: float) -> ImageStatistics:
    return replace(USUAL, luminance=luma)


def feed(one: DriftMonitor, lumas: Iterable[float], begin_s: float = 0.0) -> list[str]:
    """Give an image a second; say after each what is warned of."""
    said = []
    for second, luma in enumerate(lumas):
        one.add(int((begin_s + second) * S), of_luma(luma))
        said.append("; ".join(str(drift) for drift in one.drifts))
    return said


def test_a_stream_like_the_set_is_never_warned_of() -> None:
    one = monitor()
    assert set(feed(one, [100, 60, 140, 52, 148] * 6)) == {""}
    assert one.means == of_luma(148)


def test_darkness_is_warned_of_once_it_has_lasted() -> None:
    said = feed(monitor(), [100, 20, 20, 20, 20, 20])
    assert said[:4] == [""] * 4  # dark since second 1
    assert said[4:] == [
        "input is darker than 99 % of the calibration set for 3 s",
        "input is darker than 99 % of the calibration set for 4 s",
    ]


@pytest.mark.parametrize(
    ("figure", "low", "high"),
    [
        ("luminance", "darker", "brighter"),
        ("contrast", "lower in contrast", "higher in contrast"),
        ("saturation", "less saturated", "more saturated"),
    ],
)
def test_each_figure_has_words_for_both_sides(figure: str, low: str, high: str) -> None:
    for value, comparison in ((40.0, low), (160.0, high)):
        one = DriftMonitor(dict.fromkeys(vars(USUAL), SPREAD), SETTINGS)
        for second in range(5):
            one.add(second * S, replace(ImageStatistics(100, 100, 100), **{figure: value}))
        [drift] = one.drifts
        assert (drift.comparison, drift.duration_s, drift.is_beyond) == (comparison, 4.0, True)


def test_a_dark_moment_is_not_warned_of_and_does_not_count_later() -> None:
    tunnel = [100, 20, 20, 20, 100]
    assert set(feed(monitor(), tunnel * 4)) == {""}


def test_the_warning_ends_only_well_inside_and_only_after_a_while() -> None:
    one = monitor()
    assert feed(one, [20] * 4)[-1] != ""
    between = feed(one, [52] * 20, begin_s=4)  # inside 99 %, outside 95 %
    assert between[0] == between[-1] != ""
    assert "was darker than 99 % of the calibration set for 3 s and is not far" in between[-1]
    inside = feed(one, [60] * 5, begin_s=24)
    assert [bool(said) for said in inside] == [True, True, True, True, False]


def test_a_return_to_the_dark_starts_the_way_back_over() -> None:
    one = monitor()
    said = feed(one, [20] * 4 + [60] * 3 + [20] + [60] * 3)
    assert all(said[3:])
    assert said[7] == "input is darker than 99 % of the calibration set for 7 s"
    assert feed(one, [60] * 2, begin_s=11)[-1] == ""


def test_the_mean_over_the_window_is_what_is_compared() -> None:
    settings = replace(SETTINGS, window_s=10.0)
    # Every second image is black, and the mean is 75: inside.
    assert set(feed(monitor(settings), [150, 0] * 10)) == {""}
    assert feed(monitor(), [150, 0] * 10)[-1] == ""  # never for three seconds on end
    long_ago = monitor(settings)
    said = feed(long_ago, [100] * 10 + [0] * 12)
    first = next(second for second, one in enumerate(said) if one)
    assert first == 9 + 5 + 3  # half of the window dark, and then for three seconds


@pytest.mark.parametrize("fps", [2, 30])
def test_seconds_are_those_of_the_stamps_at_any_rate(fps: int) -> None:
    one = monitor()
    warned_at = None
    for index in range(10 * fps):
        one.add(index * S // fps, of_luma(20))
        if one.drifts and warned_at is None:
            warned_at = index / fps
    assert warned_at == 3.0


def test_a_stamp_that_jumps_back_starts_everything_anew() -> None:
    one = monitor()
    assert feed(one, [20] * 10, begin_s=100)[-1] != ""
    assert feed(one, [20] * 4)[:3] == ["", "", ""]
    assert one.drifts[0].duration_s == 3.0


def test_stamps_that_stand_still_never_warn() -> None:
    one = monitor()
    for _ in range(100):
        one.add(7 * S, of_luma(20))
    assert one.drifts == ()
    assert one.means == of_luma(20)


def test_a_pause_counts_as_time_but_one_dark_image_after_it_is_not_enough() -> None:
    one = monitor()
    feed(one, [100, 100])
    one.add(1000 * S, of_luma(20))
    assert one.drifts == ()
    one.add(1003 * S, of_luma(20))
    assert one.drifts[0].duration_s == 3.0


def test_reset_forgets_all() -> None:
    one = monitor()
    feed(one, [20] * 10)
    one.reset()
    assert (one.drifts, one.means) == ((), None)
    assert feed(one, [20] * 3)[-1] == ""


def test_other_settings_start_the_comparison_over_with_other_limits() -> None:
    one = monitor()
    feed(one, [53] * 5)
    assert one.drifts == ()
    one.adjust(replace(SETTINGS, percentile=95.0, raise_s=1.0))
    low, high = one.limits["luminance"]
    assert (low.beyond, low.inside) == (55.0, pytest.approx(59.0))
    assert (high.beyond, high.inside) == (145.0, pytest.approx(141.0))
    feed(one, [53] * 2, begin_s=5)
    assert str(one.drifts[0]) == "input is darker than 95 % of the calibration set for 1 s"
    one.adjust(SETTINGS)
    assert one.drifts == ()


@pytest.mark.parametrize(
    "wrong", [{"percentile": 101.0}, {"percentile": 50.0}, {"window_s": -1.0}, {"clear_s": -1.0}]
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="no negative time, and a percentile above 54"):
        DriftSettings(**wrong)


@pytest.fixture(scope="module")
def rendered_days() -> dict[str, Percentiles]:
    """The spread of the figures over days in six streets, each seen by a camera of its own."""
    drives = [Drive(seed, 60, 96, "day", fps=1.0) for seed in range(6)]
    days = [image_statistics(drive.frame(index)[0]) for drive in drives for index in (0, 15)]
    return {
        figure: Percentiles.of([getattr(one, figure) for one in days]) for figure in vars(USUAL)
    }


@pytest.mark.parametrize(("condition", "is_dark"), [("day", False), ("day_to_night", True)])
def test_a_drive_into_the_night_is_warned_of_and_a_day_is_not(
    rendered_days: dict[str, Percentiles], condition: str, is_dark: bool
) -> None:
    drive = Drive(7, 60, 96, condition, fps=1.0, length_s=18.0)
    one = DriftMonitor(rendered_days, DriftSettings(window_s=3.0, raise_s=2.0))
    sampler = PixelSampler(60, 96, "bgr8")
    darker = []
    for second in range(20):
        frame = Frame.from_array(drive.frame(second)[0], stamp_ns=second * S)
        one.add(frame.stamp_ns, image_statistics(sampler(frame)))
        darker.append("darker" in {drift.comparison for drift in one.drifts})
    assert not any(darker[:5])
    assert darker[-1] == is_dark
    assert is_dark or not one.drifts


def test_limits_rise_from_the_lower_to_the_upper() -> None:
    for low, high in DriftMonitor({"luminance": SPREAD}, SETTINGS).limits.values():
        assert np.all(np.diff([low.beyond, low.inside, high.inside, high.beyond]) > 0)
