from __future__ import annotations

import numpy as np
import pytest
import yaml
from locked import lock

from segmentation_node.core.labels import label_set
from segmentation_node.datasets import folder
from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.media.images import write_image

LABELS = {
    "name": "yard",
    "classes": [
        {"id": 1, "name": "ground", "color": [128, 64, 128], "category": "flat"},
        {"id": 9, "name": "cart", "color": [0, 0, 142], "category": "vehicle"},
        {"id": 0, "name": "rest", "color": [0, 0, 0], "ignored": True},
    ],
}


def write_pair(where, name):
    labels = np.repeat(np.array([0, 9, 1], np.uint8), 8)[:, None].repeat(20, axis=1)
    write_image(where / "images" / name, np.zeros((24, 20, 3), np.uint8))
    write_image(where / "labels" / f"{name.split('.')[0]}.png", labels)


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "yard"
    for name in ("wet_1.png", "dry_2.jpg", "0003.png"):
        write_pair(path, name)
    (path / "labels.yaml").write_text(yaml.safe_dump(LABELS), encoding="utf-8")
    return path


def test_images_of_any_kind_are_read_with_the_labels_of_the_yaml(root):
    data = folder(root)
    assert [sample.name for sample in data.samples] == ["0003", "dry_2", "wet_1"]
    assert data.labels == label_set(root / "labels.yaml")
    assert data.name == "yard"
    _, labels = data.samples[0].read()
    assert set(np.unique(labels)) == {0, 1, 9}


def test_groups_are_the_prefixes_of_numbered_names(root):
    assert folder(root).groups == ("all", "dry", "wet")


def test_a_split_lies_beside_the_yaml(root):
    write_pair(root / "test", "x_1.png")
    data = folder(root, "test")
    assert (len(data), data.name) == (1, "yard/test")


def test_a_missing_yaml_is_named_with_what_belongs_in_it(root):
    (root / "labels.yaml").unlink()
    with pytest.raises(DatasetError, match=r"no labels\.yaml in .*id, name and color"):
        folder(root)


def test_a_faulty_yaml_names_the_label_at_fault(root):
    (root / "labels.yaml").write_text("{name: x, classes: [{id: 1, name: a}]}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"labels\.yaml.*color"):
        folder(root)


def test_a_missing_label_image_is_named(root):
    (root / "labels" / "dry_2.png").unlink()
    with pytest.raises(DatasetError, match=r"no labels/dry_2\.png for dry_2\.jpg"):
        folder(root)


def test_a_wrong_folder_is_told_what_was_looked_for(root):
    with pytest.raises(DatasetError, match=r"no folder images/ in .*labels/NAME\.png"):
        folder(root / "images")


@pytest.mark.parametrize("part", ["images", "labels"])
def test_a_folder_that_cannot_be_read_is_named(root, part, monkeypatch):
    lock(monkeypatch, root / part)
    with pytest.raises(DatasetError, match=rf"{part} \(Permission denied\).*check the path"):
        folder(root)
