"""The drift watch: what it compares with, what it costs where there is nothing, what it reports."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation_node.core.drift import DriftSettings
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import FitMode, NetworkSize
from segmentation_node.core.percentiles import Percentiles
from segmentation_node.model import Calibration, ImageSummary, Model, Spread, load_model
from segmentation_node.pipeline.drift import NO_MODEL, NO_STATISTICS, DriftWatch

S = 1_000_000_000
SETTINGS = DriftSettings(window_s=1.0, raise_s=2.0, clear_s=2.0)


def summary(spread: Spread) -> ImageSummary:
    return ImageSummary(("a.png", "b.png"), "0" * 64, {"day": 2}, spread, spread, spread)


def calibrated(images: ImageSummary, **ranges: float) -> Model:
    """The shipped float network, as if it had been calibrated."""
    size, fit = NetworkSize(64, 96), FitMode.LETTERBOX
    calibration = Calibration("minmax", 2048, 100.0, size, fit, "0" * 64, images, ranges, ())
    return replace(load_model("rendered"), calibration=calibration)


# Half of the images without any, half with all of it: nothing is beyond that.
ANY_LIGHT = Spread.of([0.0] * 20 + [255.0] * 20)
DAY = replace(summary(ANY_LIGHT), luminance=Spread.of([80.0, 160.0]))
OLD = summary(Spread(100.0, Percentiles((5, 95), (80.0, 160.0))))


def grey(level: int, second: int = 0, encoding: str = "bgr8") -> Frame:
    channels = 3 if encoding == "bgr8" else 1
    data = np.full((48, 64, channels), level, np.uint8)
    fields = {"height": 48, "width": 64, "encoding": encoding, "step": 64 * channels}
    return Frame.from_buffer(data, stamp_ns=second * S, fallback=as_grey, **fields)


def as_grey(one: Frame) -> NDArray[np.uint8]:
    """A converter for encodings outside the table."""
    return np.asarray(cv2.merge([one.array] * 3), np.uint8)


def watch(model: Model, settings: DriftSettings = SETTINGS) -> DriftWatch:
    one = DriftWatch(settings)
    one.compare_with(model, "image")
    return one


def feed(one: DriftWatch, level: int, seconds: range) -> str:
    for second in seconds:
        one.see(grey(level, second))
    return "; ".join(str(drift) for drift in one.report().drifts)


def test_without_a_network_there_is_nothing_to_compare_with() -> None:
    one = DriftWatch(SETTINGS)
    one.see(grey(0))
    assert one.report().off == NO_MODEL


def test_a_float_network_switches_it_off_and_its_frames_are_not_even_read() -> None:
    one = watch(load_model("rendered"))
    one.see(None)  # type: ignore[arg-type]
    assert (one.report().off, one.report().means) == (NO_STATISTICS, None)


def test_an_old_sidecar_switches_it_off_and_says_what_to_do() -> None:
    assert "quantise again" in watch(calibrated(OLD)).report().off


def test_darkness_is_reported_with_means_and_limits() -> None:
    one = watch(calibrated(DAY))
    assert feed(one, 100, range(4)) == ""
    assert feed(one, 10, range(4, 9)) == "input is darker than 99 % of the calibration set for 4 s"
    report = one.report()
    assert (report.off, report.images) == ("", 2)
    assert report.means is not None
    assert report.means.luminance == 10
    assert report.limits["luminance"][0].beyond == pytest.approx(80.8)


def test_a_rest_and_another_network_start_over() -> None:
    one = watch(calibrated(DAY))
    assert feed(one, 10, range(5)) != ""
    one.rest()
    assert (one.report().drifts, one.report().means) == ((), None)
    assert feed(one, 10, range(5)) != ""
    one.compare_with(load_model("rendered"), "image")
    assert (one.report().off, one.report().drifts) == (NO_STATISTICS, ())


def test_settings_can_be_changed_and_the_same_ones_change_nothing() -> None:
    one = watch(calibrated(DAY))
    assert feed(one, 10, range(5)) != ""
    one.adjust(replace(SETTINGS))
    assert one.report().drifts != ()
    one.adjust(replace(SETTINGS, raise_s=9.0))
    assert feed(one, 10, range(5, 14)) == ""
    assert "for 9 s" in feed(one, 10, range(14, 15))


def test_size_and_encoding_may_change_on_the_way() -> None:
    one = watch(calibrated(DAY))
    one.see(grey(100, 0))
    one.see(grey(100, 1, "mono8"))
    one.see(Frame.from_array(np.full((200, 300, 3), 100, np.uint8), stamp_ns=2 * S))
    means = one.report().means
    assert means is not None
    assert means.luminance == pytest.approx(100)


def test_the_share_of_values_beyond_the_inputs_range_is_told_where_it_is_known() -> None:
    one = watch(calibrated(DAY, image=0.5))
    assert one.report().clipped is None
    one.see(grey(120))
    assert one.report().clipped == 0.0
    one.see(grey(250, 1))
    assert one.report().clipped == 1.0
    unknown = watch(calibrated(DAY, other=0.5))
    unknown.see(grey(250))
    assert unknown.report().clipped is None


def test_an_encoding_that_only_cv_bridge_knows_is_not_sampled_and_that_is_said() -> None:
    one = watch(calibrated(DAY))
    one.see(grey(100, 0, "sepia8"))
    assert one.report().off == "images with the encoding sepia8 are not sampled"
    one.see(grey(100, 1))
    assert one.report().off == ""


def test_another_network_judges_the_images_encoding_anew() -> None:
    one = watch(calibrated(DAY))
    one.see(grey(100, 0, "sepia8"))
    one.compare_with(calibrated(DAY), "image")
    one.see(grey(100, 1, "sepia8"))
    assert one.report().off == "images with the encoding sepia8 are not sampled"


def test_the_share_beyond_the_range_of_another_network_is_forgotten() -> None:
    one = watch(calibrated(DAY, image=0.5))
    one.see(grey(250))
    one.compare_with(calibrated(DAY, image=5.0), "image")
    assert one.report().clipped is None
