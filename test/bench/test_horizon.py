from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segmentation_node.bench.horizon import horizon_of
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35, Label, LabelSet
from segmentation_node.datasets import camvid, rendered
from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.media.images import read_labels, write_image
from segmentation_node.scenes.drive import Drive

SIZE = 120, 216


def write(root, name, labels):
    write_image(root / "val" / "images" / f"{name}.jpg", np.zeros((*labels.shape, 3), np.uint8))
    write_image(root / "val" / "labels" / f"{name}.png", labels)


@pytest.fixture(scope="module")
def frames():
    """A drive of one camera, and some of its label images."""
    drive = Drive(11, *SIZE)
    return drive, [drive.frame(index)[1] for index in range(0, 480, 80)]


@pytest.fixture
def drive(tmp_path, frames):
    """The drive, and its data set as if nobody knew the horizon."""
    scene, labels = frames
    for index, image in enumerate(labels):
        write(tmp_path, f"x_{index:04d}", image)
    return scene, camvid(tmp_path, ["val"])


def test_the_horizon_of_one_camera_is_estimated_from_where_ground_ends(drive):
    scene, data = drive
    horizon = horizon_of(data)
    assert horizon.source == "estimated"
    assert horizon.fractions["x"] == pytest.approx(scene.horizon_row / SIZE[0], abs=0.05)
    assert horizon.row(data.samples[0], 240, 432) == horizon.fractions["x"] * 240


def test_each_sequence_has_an_estimate_of_its_own(drive, tmp_path):
    _, before = drive
    for index in range(3):  # another drive, with the camera tilted up by a tenth of its height
        labels = read_labels(before.samples[index].labels)
        write(tmp_path, f"y_{index}", np.vstack([labels[:12], labels[:-12]]))
    found = horizon_of(camvid(tmp_path, ["val"])).fractions
    assert found["y"] == pytest.approx(found["x"] + 0.1, abs=0.03)


def test_one_given_is_taken(drive):
    _, data = drive
    horizon = horizon_of(data, 0.4)
    assert (horizon.source, horizon.row(data.samples[0], 100, 200)) == ("given", 40)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, 40.0])
def test_one_outside_the_image_is_refused(drive, fraction):
    with pytest.raises(ConfigError, match="a fraction of the height"):
        horizon_of(drive[1], fraction)


def test_a_scene_that_knows_its_own_is_asked(tmp_path):
    write(tmp_path, "day_0000007", np.full(SIZE, 3, np.uint8))
    data = rendered(tmp_path, "val")
    horizon = horizon_of(data)
    assert (horizon.source, horizon.fractions) == ("scene", {})
    assert horizon.row(data.samples[0], *SIZE) == Drive(7, *SIZE).horizon_row


def test_one_image_among_scenes_without_a_horizon_is_named(tmp_path):
    for name in ("day_0000007", "holiday_1"):
        write(tmp_path, name, np.full(SIZE, 3, np.uint8))
    data = rendered(tmp_path, "val")
    with pytest.raises(DatasetError, match=r"holiday_1, whose horizon is not known.*--horizon"):
        horizon_of(data).row(data.samples[1], *SIZE)


def test_images_without_ground_ask_for_the_horizon(tmp_path):
    write(tmp_path, "a_1", np.zeros(SIZE, np.uint8))
    with pytest.raises(
        DatasetError, match=r"a of camvid/val, no image of which shows ground.*--horizon"
    ):
        horizon_of(camvid(tmp_path, ["val"]))


def test_labels_without_ground_ask_for_the_horizon(drive):
    labels = LabelSet("no ground", (Label(0, "a", (0, 0, 0)), Label(3, "b", (1, 1, 1))))
    with pytest.raises(DatasetError, match=r"no ground without .*'flat'.*--horizon"):
        horizon_of(replace(drive[1], labels=labels))


@pytest.mark.parametrize("labels", [CAMVID_11, CITYSCAPES_35])
def test_built_in_labels_have_ground(labels):
    assert "flat" in labels.categories
