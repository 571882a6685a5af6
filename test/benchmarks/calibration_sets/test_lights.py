from __future__ import annotations

import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from benchmarks.calibration_sets.lights import (
    camvid_lights,
    halves,
    rendered_lights,
)
from segmentation_node.datasets import camvid
from segmentation_node.errors import DatasetError


def groups(paths):
    return [path.stem.rsplit("_", 1)[0] for path in paths]


def test_halves_are_neighbours_and_share_no_frame(lit):
    first, second = halves(camvid(lit.camvid, ["train"]))
    names = [
        [one.name for one in half.samples if one.group == "0001TP"] for half in (first, second)
    ]
    assert names == [
        ["0001TP_00000", "0001TP_00001", "0001TP_00002"],
        ["0001TP_00003", "0001TP_00004", "0001TP_00005"],
    ]
    assert len(first) + len(second) == 18


def test_camvid_has_day_and_dusk_and_scores_what_it_was_not_calibrated_on(lit):
    lights = camvid_lights(lit.camvid)
    assert lights.groups == {"day": ("0006R0", "0016E5"), "dusk": ("0001TP",)}
    calibration, scored = (
        {one.name for one in part.samples} for part in (lights.calibration, lights.scored)
    )
    assert calibration and scored and not calibration & scored
    # The third drive goes on in val: it is one drive still.
    assert sum(name.startswith("0016E5") for name in calibration) == 7


def test_rendered_scenes_have_day_and_night_and_no_rain(lit):
    lights = rendered_lights(lit.rendered)
    assert lights.calibration.groups == lights.scored.groups == ("day", "night")
    assert lights.calibration.name == "rendered/train"
    assert lights.scored.name == "rendered/val"


def test_sets_have_the_same_number_of_images_and_the_last_both_lights(lit):
    sets = rendered_lights(lit.rendered).sets(limit=3)
    assert list(sets) == ["day", "night", "day and night"]
    assert [len(images) for images in sets.values()] == [3, 3, 3]
    assert groups(sets["day and night"]) == ["day", "day", "night"]
    assert set(groups(sets["night"])) == {"night"}
    assert len(rendered_lights(lit.rendered).sets(limit=100)["day"]) == 4


def test_sets_of_one_image_are_refused(lit):
    with pytest.raises(DatasetError, match="two or more, so that both lights"):
        rendered_lights(lit.rendered).sets(limit=1)
