"""Class maps: exact merging by name, and faults that name the class at fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from segmentation_node.core.class_map import (
    ClassMap,
    class_maps_directory,
    load_class_map,
    shipped_class_maps,
)
from segmentation_node.core.geometry import NetworkSize, fit
from segmentation_node.core.labels import (
    CAMVID_11,
    CITYSCAPES_19,
    CITYSCAPES_35,
    CITYSCAPES_ALL,
    CITYSCAPES_CATEGORIES,
    LabelSet,
)
from segmentation_node.core.postprocess import labels_of
from segmentation_node.errors import ConfigError

SHIPPED = {
    "camvid11_to_drivable": (CAMVID_11,),
    "cityscapes35_to_19": (CITYSCAPES_35, CITYSCAPES_ALL),
    "cityscapes35_to_categories": (CITYSCAPES_35, CITYSCAPES_ALL),
    "cityscapes19_to_categories": (CITYSCAPES_19,),
}


def test_every_shipped_map_is_known_by_its_name() -> None:
    assert set(shipped_class_maps()) == set(SHIPPED)
    assert {path.stem for path in class_maps_directory().iterdir()} == set(SHIPPED)


@pytest.mark.parametrize(
    ("name", "labels"), [(name, one) for name, sets in SHIPPED.items() for one in sets]
)
def test_a_shipped_map_fits_the_networks_it_is_for(name: str, labels: LabelSet) -> None:
    class_map = load_class_map(name)
    merged = {label.pixel for label in class_map.labels.labels}
    ids = class_map.ids_for(labels)
    assert ids.num_classes == labels.num_classes
    assert set(ids.id_of_channel) <= merged | {ids.ignore_id}


def test_a_map_of_the_classes_to_themselves_changes_their_colours_alone() -> None:
    recoloured = [replace(label, color=(label.pixel, 7, 9)) for label in CAMVID_11.labels]
    labels = LabelSet("mine", tuple(recoloured))
    class_map = ClassMap("mine", labels, {label.name: (label.name,) for label in CAMVID_11.classes})
    for label in CAMVID_11.labels:
        assert class_map.table(CAMVID_11)[label.pixel] == label.pixel
        assert tuple(class_map.labels.palette()[label.pixel]) == (label.pixel, 7, 9)


def test_cityscapes_labels_become_their_train_ids() -> None:
    table = load_class_map("cityscapes35_to_19").table(CITYSCAPES_ALL)
    for label in CITYSCAPES_35.labels:
        assert table[label.pixel] == (255 if label.train_id is None else label.train_id)


@pytest.mark.parametrize(
    ("name", "labels"),
    [("cityscapes35_to_categories", CITYSCAPES_ALL), ("cityscapes19_to_categories", CITYSCAPES_19)],
)
def test_cityscapes_labels_become_the_categories_that_they_stand_in(
    name: str, labels: LabelSet
) -> None:
    table = load_class_map(name).table(labels)
    for label in labels.labels:
        assert table[label.pixel] == CITYSCAPES_CATEGORIES.by_name(label.category).pixel


def test_merging_on_the_way_out_equals_a_lookup_in_the_networks_label_image() -> None:
    class_map = load_class_map("camvid11_to_drivable")
    logits = np.random.default_rng(0).normal(0, 3, (11, 8, 12)).astype(np.float32)
    for mode in ("letterbox", "crop"):
        fitted = fit(mode, 97, 211, NetworkSize(64, 96))
        alone = labels_of(logits, fitted, CAMVID_11)
        merged = labels_of(logits, fitted, class_map.ids_for(CAMVID_11))
        np.testing.assert_array_equal(merged, class_map.table(CAMVID_11)[alone])


TWO = {
    "name": "two",
    "classes": [
        {"id": 0, "name": "ground", "color": [1, 2, 3]},
        {"id": 9, "name": "rest", "color": [4, 5, 6]},
    ],
}
ALL = [label.name for label in CAMVID_11.classes]


def written(folder: Path, **content: Any) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_a_map_of_ones_own_may_describe_its_labels_or_name_a_file_of_them(tmp_path: Path) -> None:
    merge = {"ground": ALL[3:5], "rest": ALL[:3] + ALL[5:]}
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(TWO), encoding="utf-8")
    for labels in (TWO, "two.yaml"):
        class_map = load_class_map(written(tmp_path, labels=labels, merge=merge))
        assert class_map.ids_for(CAMVID_11).id_of_channel.tolist() == [9, 9, 9, 0, 0, *[9] * 6]


def applied(folder: Path, merge: Any) -> None:
    load_class_map(written(folder, labels=TWO, merge=merge)).table(CAMVID_11)


@pytest.mark.parametrize(
    ("merge", "named"),
    [
        ({"ground": ["Raod"], "rest": ALL}, "the class 'Raod' for 'ground' in the class map mine"),
        ({"ground": ALL[:-1]}, "no 'Bicyclist'"),
        ({"ground": ["Road"], "rest": ALL}, "the class 'Road' for 'rest' again"),
        ({"sky": ["Sky"]}, "the label 'sky'"),
        ({"ground": "Road"}, "'Road' at mine.yaml: merge.ground"),
        ({"ground": [1]}, r"\[1\] at mine.yaml: merge.ground"),
        (["Road"], "mine.yaml: merge"),
    ],
    ids=["unknown", "forgotten", "twice", "no such label", "no list", "no names", "no mapping"],
)
def test_a_faulty_map_is_refused_by_the_name_of_what_is_wrong(
    tmp_path: Path, merge: Any, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        applied(tmp_path, merge)


def test_a_map_for_another_network_says_which_classes_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'Road' for 'drivable'.*of cityscapes19: road, side"):
        load_class_map("camvid11_to_drivable").table(CITYSCAPES_19)


@pytest.mark.parametrize("name", ["nobodys", "/nowhere/map.yaml", "~nobody-of-this-name/map.yaml"])
def test_a_map_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_class_map(name)


def test_a_key_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown key mine\.yaml: colour"):
        load_class_map(written(tmp_path, labels=TWO, merge={"ground": ALL}, colour=1))


def test_a_map_can_be_made_without_a_file() -> None:
    labels = LabelSet.from_mapping(TWO)
    class_map = ClassMap("one", labels, {"rest": tuple(ALL)})
    assert set(class_map.ids_for(CAMVID_11).id_of_channel.tolist()) == {9}


def test_a_class_of_id_255_leaves_another_value_for_no_class(tmp_path: Path) -> None:
    white = "{id: 255, name: drivable, color: [255, 255, 255]}"
    classes = f"[{{id: 0, name: other, color: [0, 0, 0]}}, {white}]"
    rest = [label.name for label in CAMVID_11.classes if label.name != "Road"]
    merge = f"{{drivable: [Road], other: [{', '.join(rest)}]}}"
    (tmp_path / "mask.yaml").write_text(
        f"labels: {{name: mask, classes: {classes}}}\nmerge: {merge}\n", encoding="utf-8"
    )
    ids = load_class_map(tmp_path / "mask.yaml").ids_for(CAMVID_11)
    assert ids.ignore_id == 254
    assert set(ids.id_of_channel) == {0, 255}
