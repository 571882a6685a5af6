"""Drives: deterministic, of any size, with exact labels, and dark when it is night."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.errors import ConfigError
from segmentation_node.scenes import CONDITIONS, Drive, render_still

ROAD, SKY = CAMVID_11.by_name("Road").id, CAMVID_11.by_name("Sky").id


def test_a_frame_does_not_depend_on_the_frames_before_it() -> None:
    one_by_one = Drive(5, 96, 160)
    for index in range(3):
        image, labels = one_by_one.frame(index)
    again_image, again_labels = Drive(5, 96, 160).frame(2)
    assert np.array_equal(image, again_image)
    assert np.array_equal(labels, again_labels)


def test_seeds_give_different_streets() -> None:
    assert not np.array_equal(render_still(1, 64, 96)[1], render_still(2, 64, 96)[1])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (33, 47), (47, 333), (200, 40)])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_any_size_gives_an_image_and_valid_labels(height: int, width: int, condition: str) -> None:
    image, labels = render_still(3, height, width, condition)
    assert image.shape == (height, width, 3)
    assert image.dtype == np.uint8
    assert labels.shape == (height, width)
    assert labels.dtype == np.uint8
    assert {int(label) for label in np.unique(labels)} <= {label.id for label in CAMVID_11.labels}


def test_every_class_occurs() -> None:
    seen = {int(v) for seed in range(12) for v in np.unique(render_still(seed, 180, 240)[1])}
    assert {label.id for label in CAMVID_11.classes} <= seen


def test_evening_gets_darker() -> None:
    means = [
        np.mean([render_still(seed, 90, 120, condition)[0].mean() for seed in range(4)])
        for condition in ("day", "dusk", "night")
    ]
    assert means[1] < 0.75 * means[0]
    assert means[2] < 0.6 * means[1]


def test_a_drive_goes_from_day_to_night() -> None:
    drive = Drive(4, 90, 120, "day_to_night", fps=10, length_s=2)
    first, middle, last = (drive.frame(index)[0].mean() for index in (0, 10, 20))
    assert first > middle > last


def test_the_camera_moves_a_little_from_frame_to_frame() -> None:
    drive = Drive(6, 180, 240)
    now, soon, later = (drive.frame(index)[1] for index in (0, 1, 60))
    assert 0 < np.mean(now != soon) < 0.1
    assert np.mean(now != soon) < np.mean(now != later)


def test_no_road_above_the_horizon_and_no_sky_well_below_it() -> None:
    for seed in range(6):
        drive = Drive(seed, 180, 240)
        labels, horizon = drive.frame(0)[1], drive.horizon_row
        assert not (labels[: int(horizon)] == ROAD).any()
        assert not (labels[int(horizon) + 4 :] == SKY).any()


def test_labels_do_not_depend_on_light_and_weather() -> None:
    day, rain = (Drive(7, 120, 160, condition).frame(3)[1] for condition in ("day", "rain"))
    assert np.array_equal(day, rain)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"height": 0}, "0x64"),
        ({"condition": "fog"}, "fog"),
        ({"fps": 0.0}, "0.0 frames"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, object], named: str) -> None:
    arguments = {"seed": 1, "height": 48, "width": 64, **change}
    with pytest.raises(ConfigError, match=named):
        Drive(**arguments)  # type: ignore[arg-type]
