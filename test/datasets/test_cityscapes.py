from __future__ import annotations

import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from locked import lock
from small_cityscapes import write_cityscapes

from segmentation_node.core.labels import CITYSCAPES_35
from segmentation_node.datasets import cityscapes, cityscapes19
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import write_image


@pytest.fixture
def root(tmp_path):
    return write_cityscapes(tmp_path / "cityscapes")


def test_samples_are_sorted_and_grouped_by_city(root):
    data = cityscapes(root, "val")
    assert [sample.name for sample in data.samples] == [
        "aachen_000001_000019",
        "aachen_000002_000019",
        "bochum_000003_000019",
    ]
    assert data.groups == ("aachen", "bochum")
    assert data.name == "cityscapes/val"


def test_pixels_are_label_ids_and_the_set_tells_their_channels(root):
    _, labels = cityscapes(root, "val").samples[0].read()
    road = CITYSCAPES_35.by_name("road").id
    assert (labels == road).any()
    assert cityscapes(root, "val").labels.channel_of_id[road] == road
    assert cityscapes19(root, "val").labels.channel_of_id[road] == 0


def test_a_network_may_tell_35_labels_apart_or_19(root):
    every, scored = cityscapes(root, "val").labels, cityscapes19(root, "val").labels
    assert (every.num_classes, scored.num_classes) == (35, 19)
    plate = every.by_name("license plate")
    assert (plate.id, plate.pixel, every.channel_of_id[plate.pixel]) == (-1, 255, 34)
    # Both score the same classes and categories.
    assert [label.name for label in every.labels if not label.ignored] == [
        label.name for label in scored.classes
    ]
    assert len(every.categories) == len(scored.categories) == 7


def test_listing_reads_no_image(root):
    with mock.patch("segmentation_node.datasets.sample.read_image") as read:
        assert len(cityscapes(root, "val")) == 3
    read.assert_not_called()


def test_images_may_have_any_size(tmp_path):
    root = write_cityscapes(tmp_path, frames=(("ulm", 4),), size=(50, 70))
    image, labels = cityscapes(root, "val").samples[0].read()
    assert (image.shape, labels.shape) == ((50, 70, 3), (50, 70))


def test_instance_images_are_found_where_there_are_any(root):
    samples = cityscapes(root, "val").samples
    assert samples[0].instances.name == "aachen_000001_000019_gtFine_instanceIds.png"
    samples[0].instances.unlink()
    assert cityscapes(root, "val").samples[0].instances is None


@pytest.mark.parametrize("missing", ["leftImg8bit", "gtFine"])
def test_a_missing_folder_is_named_with_where_it_was_looked_for(root, missing):
    shutil.rmtree(root / missing)
    with pytest.raises(DatasetError, match=f"no folder {missing}/val/ in .*cityscapes; expected"):
        cityscapes(root, "val")


def test_the_folder_above_or_below_is_refused_with_what_to_do(root):
    for wrong in (root.parent, root / "gtFine", root / "nowhere"):
        with pytest.raises(DatasetError, match="into one folder, and give that folder"):
            cityscapes(wrong, "val")
    with pytest.raises(DatasetError, match="leftImg8bit/train"):
        cityscapes(root, "train")


def test_a_missing_label_image_is_named(root):
    city = root / "gtFine" / "val" / "bochum"
    (city / "bochum_000003_000019_gtFine_labelIds.png").unlink()
    expected = r"no gtFine/val/bochum/bochum_000003_000019_gtFine_labelIds\.png"
    with pytest.raises(DatasetError, match=expected):
        cityscapes(root, "val")
    shutil.rmtree(city)
    with pytest.raises(DatasetError, match=expected):
        cityscapes(root, "val")


def test_a_split_without_images_is_said(root):
    for image in (root / "leftImg8bit").rglob("*.png"):
        image.unlink()
    with pytest.raises(DatasetError, match=r"no \*_leftImg8bit\.png in the folders of"):
        cityscapes(root, "val")


def test_labels_of_another_size_are_refused(root):
    sample = cityscapes(root, "val").samples[0]
    write_image(sample.labels, np.zeros((10, 10), np.uint8))
    with pytest.raises(DatasetError, match=r"\(10, 10\)"):
        sample.read()


def test_a_folder_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("leftImg8bit", "gtFine"):
        (tmp_path / part / "val" / "town").mkdir(parents=True)
    lock(monkeypatch, tmp_path / "leftImg8bit" / "val")
    with pytest.raises(DatasetError, match=r"val.*Permission denied"):
        cityscapes(tmp_path, "val")
