from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from media.test_orientation import directory, png
from numpy.typing import NDArray
from small_cityscapes import write_cityscapes

from segmentation_node.core.labels import CITYSCAPES_35
from segmentation_node.datasets import (
    Dataset,
    check_labels,
    checked_dataset,
    cityscapes,
    cityscapes19,
    folder,
)
from segmentation_node.errors import DatasetError

NAMES = ("road", "car", "sky")


def site(root: Path, labels: NDArray[np.uint8], ids: tuple[int, ...] = (0, 1, 2)) -> Path:
    """A folder of one image, with a label image and three declared classes."""
    for name in ("images", "labels"):
        (root / name).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / "images" / "a_1.png"), np.zeros((*labels.shape, 3), np.uint8))
    cv2.imwrite(str(root / "labels" / "a_1.png"), labels)
    classes = [
        {"id": i, "name": name, "color": [i, i, i]} for i, name in zip(ids, NAMES, strict=True)
    ]
    (root / "labels.yaml").write_text(yaml.safe_dump({"name": "site", "classes": classes}))
    return root


def bands(*ids: int) -> NDArray[np.uint8]:
    """(H, 8) uint8: a row of each id."""
    return np.repeat(np.array(ids, np.uint8)[:, None], 8, axis=1)


def test_declared_ids_are_taken_without_a_word(tmp_path: Path) -> None:
    assert check_labels(folder(site(tmp_path, bands(0, 1, 2)))) == ()


def test_255_is_no_class_where_every_class_has_pixels(tmp_path: Path) -> None:
    assert check_labels(folder(site(tmp_path, bands(0, 1, 2, 255)))) == ()


def test_a_class_without_a_pixel_is_named(tmp_path: Path) -> None:
    [said] = check_labels(folder(site(tmp_path, bands(0, 2))))
    assert said == f"no pixel of car in {tmp_path.name}"


def test_masks_of_0_and_255_are_refused_where_255_may_be_a_class(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"255 in 16 pixels \(first: labels/a_1.png\)"):
        check_labels(folder(site(tmp_path, bands(0, 255, 255))))


def test_ids_counted_from_1_are_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="look counted from 1"):
        check_labels(folder(site(tmp_path, bands(1, 2, 3))))


def test_images_of_ignored_labels_alone_are_refused(tmp_path: Path) -> None:
    site(tmp_path, bands(7))
    described = yaml.safe_load((tmp_path / "labels.yaml").read_text())
    described["classes"].append({"id": 7, "name": "void", "color": [9, 9, 9], "ignored": True})
    (tmp_path / "labels.yaml").write_text(yaml.safe_dump(described))
    with pytest.raises(DatasetError, match="no pixel of any class"):
        check_labels(folder(tmp_path))


@given(strange=st.sets(st.integers(3, 254), min_size=1, max_size=5))
def test_every_undeclared_id_is_named_with_its_pixels(
    strange: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = site(tmp_path_factory.getbasetemp() / "strange", bands(0, 1, 2, *sorted(strange)))
    with pytest.raises(DatasetError) as caught:
        checked_dataset("auto", root)
    assert all(f"{one} in 8 pixels" in caught.value.received for one in strange)
    assert "0 road, 1 car, 2 sky" in caught.value.expected


@pytest.mark.parametrize("read", [cityscapes, cityscapes19])
def test_train_ids_under_the_name_of_label_ids_are_told_as_that(
    read: Callable[[Path, str], Dataset], tmp_path: Path
) -> None:
    data = read(write_cityscapes(tmp_path), "val")
    assert check_labels(data)
    train_ids = np.full(256, 255, np.uint8)
    for label in CITYSCAPES_35.labels:
        train_ids[label.id] = 255 if label.train_id is None else label.train_id
    for sample in data.samples:
        cv2.imwrite(str(sample.labels), train_ids[cv2.imread(str(sample.labels), -1)])
    with pytest.raises(DatasetError, match="look like train ids"):
        check_labels(data)


def test_images_that_exif_turns_and_their_labels_not_are_told(tmp_path: Path) -> None:
    """At 180 degrees the sizes agree, and nothing else would be noticed."""
    root = site(tmp_path, bands(0, 1, 2))
    image = root / "images" / "a_1.png"
    image.write_bytes(png(np.zeros((3, 8, 3), np.uint8), directory(3)))
    [said] = check_labels(folder(root))
    assert "Exif turns 1 images" in said
    assert "a_1.png" in said
    labels = root / "labels" / "a_1.png"
    labels.write_bytes(png(bands(0, 1, 2), directory(3)))
    assert check_labels(folder(root)) == ()


def test_the_dummies_of_a_test_split_are_told_as_that(tmp_path: Path) -> None:
    data = cityscapes(write_cityscapes(tmp_path), "val")
    for sample in data.samples:
        cv2.imwrite(str(sample.labels), np.zeros_like(cv2.imread(str(sample.labels), -1)))
    with pytest.raises(DatasetError, match="ignored ones alone"):
        check_labels(data)
