from __future__ import annotations

import shutil

import numpy as np
import pytest

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.datasets import camvid
from segmentation_node.errors import DatasetError, MediaError
from segmentation_node.media.images import write_image


def test_camvid_groups_are_sequences(camvid_like):
    data = camvid(camvid_like)
    assert len(data) == 5
    assert data.groups == ("0001TP", "0006R0", "0016E5")
    assert data.labels == CAMVID_11


def test_a_sample_reads_as_bgr_and_label_ids(camvid_like):
    image, labels = camvid(camvid_like, ["val"]).samples[0].read()
    assert image.shape == (64, 96, 3)
    assert set(np.unique(labels)) == {0, 3, 8, 11}


@pytest.mark.parametrize("missing", ["images", "labels"])
def test_a_missing_folder_is_named(camvid_like, missing):
    shutil.rmtree(camvid_like / "val" / missing)
    with pytest.raises(DatasetError, match=f"no folder {missing}/ in .*val"):
        camvid(camvid_like)


def test_the_folder_above_or_below_is_refused(camvid_like):
    for wrong in (camvid_like.parent, camvid_like / "train", camvid_like / "nowhere"):
        with pytest.raises(DatasetError, match="fix: give the folder that holds"):
            camvid(wrong)


def test_a_missing_label_image_is_named(camvid_like):
    (camvid_like / "train" / "labels" / "0006R0_000001.png").unlink()
    with pytest.raises(DatasetError, match=r"0006R0_000001\.png"):
        camvid(camvid_like)


def test_an_empty_folder_of_images_is_said(camvid_like):
    for image in (camvid_like / "val" / "images").iterdir():
        image.unlink()
    with pytest.raises(DatasetError, match=r"no \.jpg"):
        camvid(camvid_like)


def test_labels_of_another_size_are_refused(camvid_like):
    sample = camvid(camvid_like, ["val"]).samples[0]
    write_image(sample.labels, np.zeros((10, 10), np.uint8))
    with pytest.raises(DatasetError, match=r"\(10, 10\)"):
        sample.read()


def test_an_image_cut_short_is_refused(camvid_like):
    sample = camvid(camvid_like, ["val"]).samples[0]
    sample.image.write_bytes(sample.image.read_bytes()[:200])
    with pytest.raises(MediaError, match="0016E5_000002"):
        sample.read()


def test_the_real_camvid_has_its_known_sizes(camvid_root):
    train, val = camvid(camvid_root, ["train"]), camvid(camvid_root, ["val"])
    assert (len(train), len(val)) == (367, 101)
    assert len(train.of_groups(["0001TP"])) == 62
    assert val.groups == ("0016E5",)
