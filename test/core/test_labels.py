from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.core.labels import (
    CAMVID_11,
    CITYSCAPES_19,
    CITYSCAPES_35,
    CITYSCAPES_ALL,
    CITYSCAPES_CATEGORIES,
    LABEL_SETS,
    Label,
    LabelSet,
    label_set,
)
from segmentation_node.errors import ConfigError

EVERY_SET = pytest.mark.parametrize("labels", LABEL_SETS.values(), ids=list(LABEL_SETS))


def two_classes(**changes: object) -> dict[str, object]:
    road = {"id": 7, "name": "road", "color": [128, 64, 128], **changes}
    return {"name": "two", "classes": [road, {"id": 9, "name": "rest", "color": [0, 0, 0]}]}


def test_cityscapes_has_its_35_labels_19_classes_and_8_categories() -> None:
    assert [label.id for label in CITYSCAPES_35.labels] == [*range(34), -1]
    assert CITYSCAPES_35.num_classes == CITYSCAPES_19.num_classes == 19
    assert len({label.category for label in CITYSCAPES_35.labels}) == 8
    assert [label.name for label in CITYSCAPES_35.classes] == [
        label.name for label in CITYSCAPES_19.classes
    ]
    assert len(CITYSCAPES_CATEGORIES.labels) == 8
    assert {label.name for label in CITYSCAPES_CATEGORIES.classes} == set(CITYSCAPES_35.categories)


@pytest.mark.parametrize(
    ("name", "label_id", "train_id", "color"),
    [
        ("road", 7, 0, (128, 64, 128)),
        ("traffic light", 19, 6, (250, 170, 30)),
        ("sky", 23, 10, (70, 130, 180)),
        ("train", 31, 16, (0, 80, 100)),
        ("bicycle", 33, 18, (119, 11, 32)),
    ],
)
def test_cityscapes_labels_are_the_official_ones(
    name: str, label_id: int, train_id: int, color: tuple[int, int, int]
) -> None:
    label = CITYSCAPES_35.by_name(name)
    assert (label.id, label.train_id, label.color) == (label_id, train_id, color)
    assert CITYSCAPES_35.channel_of_id[label_id] == train_id
    assert CITYSCAPES_19.by_name(name).id == train_id


def test_licence_plates_with_id_minus_one_are_stored_as_255_and_ignored() -> None:
    plate = CITYSCAPES_35.by_name("license plate")
    assert (plate.id, plate.pixel, plate.ignored) == (-1, 255, True)
    assert CITYSCAPES_35.palette()[255].tolist() == [0, 0, 142]


def test_camvid_has_eleven_classes_and_unlabelled_pixels() -> None:
    assert CAMVID_11.num_classes == 11
    assert CAMVID_11.ignore_id == CAMVID_11.by_name("Unlabelled").id == 11
    assert CAMVID_11.by_name("Bicyclist").id == 10


@EVERY_SET
def test_channels_and_ids_lead_to_each_other(labels: LabelSet) -> None:
    channels = np.arange(labels.num_classes)
    assert (labels.channel_of_id[labels.id_of_channel] == channels).all()
    assert (labels.channel_of_id == 255).sum() == 256 - labels.num_classes


@pytest.mark.parametrize("labels", [CAMVID_11, CITYSCAPES_35, CITYSCAPES_19])
def test_ignored_labels_have_no_channel_where_networks_do_not_learn_them(labels: LabelSet) -> None:
    assert labels.channel_of_id[labels.ignore_id] == 255


def test_all_35_cityscapes_labels_may_have_a_channel_of_their_own() -> None:
    assert CITYSCAPES_ALL.id_of_channel.tolist() == [*range(34), 255]
    assert [label.ignored for label in CITYSCAPES_ALL.labels] == [
        label.ignored for label in CITYSCAPES_35.labels
    ]
    assert CITYSCAPES_ALL.categories == CITYSCAPES_35.categories


@EVERY_SET
def test_palette_holds_each_colour_and_black_elsewhere(labels: LabelSet) -> None:
    palette = labels.palette()
    assert palette.shape == (256, 3)
    assert palette.dtype == np.uint8
    for label in labels.labels:
        assert tuple(palette[label.pixel]) == label.color
    unused = set(range(256)) - {label.pixel for label in labels.labels}
    assert not palette[sorted(unused)].any()


def test_palette_is_shared_and_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        CAMVID_11.palette()[0] = 1


@EVERY_SET
def test_yaml_form_reads_back_as_the_same_set(labels: LabelSet, tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text(yaml.safe_dump(labels.to_mapping()), encoding="utf-8")
    assert label_set(path) == label_set(str(path)) == labels


def test_built_in_sets_are_found_by_name() -> None:
    assert label_set("camvid11") is CAMVID_11
    assert label_set("cityscapes19") is CITYSCAPES_19


def test_a_set_without_ignored_labels_marks_no_class_with_255() -> None:
    labels = LabelSet.from_mapping(two_classes())
    assert labels.ignore_id == 255
    assert labels.id_of_channel.tolist() == [7, 9]


def numbered(ids: Iterable[int], *more: Label) -> LabelSet:
    """A set with a class for each id."""
    return LabelSet("many", (*(Label(one, f"c{one}", (9, 9, 9)) for one in ids), *more))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (numbered([0, 1]), 255),
        (numbered([0, 255]), 254),
        (numbered([-1, 0, 254]), 253),
        (numbered(range(1, 256)), 0),
        (numbered([0, 255], Label(7, "void", (0, 0, 0), ignored=True)), 7),
        (CITYSCAPES_ALL, 254),  # the network itself gives each of its ignored labels
    ],
)
def test_no_class_is_an_id_that_no_class_of_the_network_has(
    labels: LabelSet, expected: int
) -> None:
    assert labels.ignore_id == expected
    assert labels.ignore_id not in labels.id_of_channel
    assert [label.ignored for label in labels.listed if label.pixel == expected] == [True]


@given(ids=st.sets(st.integers(0, 255), min_size=1, max_size=255), ignored=st.integers(0, 255))
def test_no_class_stands_apart_whatever_ids_people_choose(ids: set[int], ignored: int) -> None:
    void = () if ignored in ids else (Label(ignored, "void", (0, 0, 0), ignored=True),)
    labels = numbered(ids, *void)
    assert labels.ignore_id not in ids
    assert labels.ignore_id in {label.pixel for label in labels.listed}
    assert labels.ignore_id == ignored or not void


def test_a_class_called_no_class_leaves_the_listed_one_another_name() -> None:
    labels = LabelSet("one", (Label(0, "no class", (0, 0, 0)),))
    assert [label.name for label in labels.listed] == ["no class", "no class 2"]


def test_a_set_without_an_id_for_no_class_is_refused() -> None:
    numbered(range(255))
    with pytest.raises(ConfigError, match="256 classes in 'many'"):
        numbered(range(256))
    numbered(range(255), Label(255, "void", (0, 0, 0), ignored=True))


def test_channels_follow_train_ids_even_for_ignored_labels() -> None:
    labels = LabelSet(
        "three",
        (
            Label(3, "b", (1, 1, 1), train_id=1),
            Label(5, "void", (0, 0, 0), ignored=True, train_id=2),
            Label(4, "a", (2, 2, 2), train_id=0),
            Label(6, "unseen", (0, 0, 0)),
        ),
    )
    assert labels.id_of_channel.tolist() == [4, 3, 5]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": 300}, "(road).id"),
        ({"id": "7"}, "(road).id"),
        ({"id": True}, "(road).id"),
        ({"color": [1, 2]}, "(road).color"),
        ({"color": [1, 2, 256]}, "(road).color"),
        ({"color": "red"}, "(road).color"),
        ({"id": 9}, "'rest'"),
        ({"name": "rest"}, "'rest'"),
        ({"ignored": "yes"}, "(road).ignored"),
        ({"train_id": 1}, "'road'"),
        ({"train_id": -2}, "(road).train_id"),
        ({"colour": [1, 2, 3]}, "(road).colour"),
        ({"name": ""}, "classes[0].name"),
        ({"name": None}, "classes[0].name"),
    ],
)
def test_errors_name_the_label_at_fault(change: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError) as error:
        LabelSet.from_mapping(two_classes(**change), "mine.yaml")
    assert named in str(error.value)


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        ({}, "name"),
        ({"name": "x"}, "classes"),
        ({"name": "x", "classes": []}, "no labels"),
        ({"name": "x", "classes": 3}, "classes"),
        ({"name": "x", "classes": ["road"]}, "classes[0]"),
        ([1], "mapping"),
        (None, "mapping"),
        (
            {
                "name": "x",
                "classes": [{"id": 0, "name": "v", "color": [0, 0, 0], "ignored": True}],
            },
            "only ignored",
        ),
    ],
)
def test_faulty_sets_are_refused(mapping: object, named: str) -> None:
    with pytest.raises(ConfigError) as error:
        LabelSet.from_mapping(mapping, "mine.yaml")  # type: ignore[arg-type]
    assert named in str(error.value)


def test_repeated_train_ids_are_refused_by_name() -> None:
    labels = (Label(0, "a", (0, 0, 0), train_id=0), Label(1, "b", (0, 0, 0), train_id=0))
    with pytest.raises(ConfigError, match="'b'"):
        LabelSet("x", labels)


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="cityscapes19"):
        label_set("kitti")
    with pytest.raises(ConfigError, match="Bicyclist"):
        CAMVID_11.by_name("bicycle")


@pytest.mark.parametrize("content", [None, b"name: [", b"\xff\xfe\x00"])
def test_label_files_that_cannot_be_read_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "labels.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"labels\.yaml"):
        label_set(path)


@pytest.mark.parametrize("train_id", [255, -1])
def test_a_train_id_of_none_is_an_ignored_label(train_id: int) -> None:
    classes = [
        {"id": 7, "name": "road", "color": [1, 2, 3], "train_id": 0},
        {"id": 4, "name": "static", "color": [4, 5, 6], "train_id": train_id},
    ]
    found = LabelSet.from_mapping({"name": "mine", "classes": classes})
    assert [label.ignored for label in found.labels] == [False, True]
    assert found.num_classes == 1
