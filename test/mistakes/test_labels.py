"""Labelled data as annotation tools leave it, and how it is named on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from mistakes.table import Mistake, told
from numpy.typing import NDArray

from segmentation_node.core.labels import label_set
from segmentation_node.datasets import checked_dataset, dataset

NAMES = ("road", "car", "sky")
GREY = np.full((24, 32, 3), 90, np.uint8)
RIGHT = np.repeat(np.array([0, 1, 2], np.uint8), 8)[:, None].repeat(32, axis=1)


def site(
    folder: Path, labels: NDArray[Any] = RIGHT, described: dict[str, Any] | None = None
) -> Path:
    """One labelled image, and what its ids mean."""
    for name in ("images", "labels"):
        (folder / name).mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "images" / "a_1.png"), GREY)
    cv2.imwrite(str(folder / "labels" / "a_1.png"), labels)
    (folder / "labels.yaml").write_text(yaml.safe_dump(described or classes()))
    return folder


def saved_as_jpeg(folder: Path) -> str:
    done, data = cv2.imencode(".jpg", RIGHT)
    assert done
    (site(folder) / "labels" / "a_1.png").write_bytes(bytes(data))
    return told(checked_dataset, "auto", folder)


def classes(**changes: dict[str, Any]) -> dict[str, Any]:
    """Three classes, some changed by name."""
    listed = [{"id": i, "name": name, "color": [i, 9, 9]} for i, name in enumerate(NAMES)]
    return {"name": "site", "classes": [{**one, **changes.get(one["name"], {})} for one in listed]}


def with_labels(labels: NDArray[Any]) -> Callable[[Path], str]:
    return lambda folder: told(checked_dataset, "auto", site(folder, labels))


def read_whole(folder: Path) -> None:
    for sample in checked_dataset("auto", folder).samples:
        sample.read()


def with_sizes(labels: NDArray[Any]) -> Callable[[Path], str]:
    return lambda folder: told(read_whole, site(folder, labels))


def described(**changes: dict[str, Any]) -> Callable[[Path], str]:
    return lambda folder: told(dataset, "auto", site(folder, described=classes(**changes)))


def with_text(text: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (site(folder) / "labels.yaml").write_text(text)
        return told(dataset, "auto", folder)

    return make


def without(name: str, form: str = "auto") -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        path = site(folder) / name
        path.rename(folder / "elsewhere")
        return told(dataset, form, folder)

    return make


def as_format(form: str) -> Callable[[Path], str]:
    return lambda folder: told(dataset, form, site(folder))


def in_colour(folder: Path) -> str:
    return with_labels(np.dstack([RIGHT * 80, RIGHT, RIGHT]))(folder)


MISTAKES = [
    Mistake(
        "labels_saved_as_jpeg",
        "a label image as JPEG",
        "The tool saved the label images as JPEG: ids change along outlines.",
        "Save them as PNG, from where they were drawn.",
        saved_as_jpeg,
        also=("a_1.png",),
    ),
    Mistake(
        "masks_of_255",
        "255 in 512 pixels (first: labels/a_1.png)",
        "The masks are 0 and 255, and labels.yaml says 0 and 1.",
        "Give the class the id 255, or declare 255 as ignored.",
        with_labels(np.where(RIGHT > 0, 255, 0).astype(np.uint8)),
        also=("0 road, 1 car, 2 sky", "ignored: true"),
    ),
    Mistake(
        "counted_from_1",
        "the ids look counted from 1",
        "The tool counts classes from 1, labels.yaml from 0.",
        "Count both the same way.",
        with_labels(RIGHT + 1),
        also=("3 in 256 pixels",),
    ),
    Mistake(
        "an_undeclared_id",
        "7 in 32 pixels",
        "A label is missing in labels.yaml.",
        "Declare it, with `ignored: true` where it is no class.",
        with_labels(np.where(np.arange(24)[:, None] == 3, 7, RIGHT).astype(np.uint8)),
        also=("labels/a_1.png",),
    ),
    Mistake(
        "colours_for_ids",
        "save class ids, not colours",
        "The label images hold colours.",
        "Export ids: one channel, or a palette.",
        in_colour,
        also=("a_1.png",),
    ),
    Mistake(
        "sixteen_bits",
        "type uint16",
        "The label images have sixteen bits.",
        "Save them with eight.",
        with_labels(RIGHT.astype(np.uint16)),
        also=("one channel of eight bits",),
    ),
    Mistake(
        "half_the_size",
        "labels of shape (12, 16) for an image of (24, 32)",
        "Labels and image have different sizes.",
        "Export the labels at the image's size.",
        with_sizes(np.ascontiguousarray(RIGHT[::2, ::2])),
    ),
    Mistake(
        "turned_by_90_degrees",
        "labels of shape (32, 24) for an image of (24, 32)",
        "The image is shown turned by its EXIF data, the labels were drawn without it, or the "
        "other way round.",
        "Turn one of them: images are read as viewers show them.",
        with_sizes(np.ascontiguousarray(RIGHT.T)),
    ),
    Mistake(
        "ignored_labels_alone",
        "no pixel of any class",
        "All labels that occur are ignored.",
        "Check the ids of the label images.",
        lambda folder: told(
            checked_dataset,
            "auto",
            site(folder, np.zeros_like(RIGHT), classes(road={"ignored": True})),
        ),
    ),
    Mistake(
        "an_id_twice",
        "the id 0 of 'road' again",
        "Two labels have one id.",
        "Give each label an id of its own.",
        described(car={"id": 0}),
    ),
    Mistake(
        "a_name_twice",
        "'road'",
        "Two labels have one name.",
        "Give each label a name of its own.",
        described(car={"name": "road"}),
    ),
    Mistake(
        "an_id_of_300",
        "whole numbers from",
        "A pixel of eight bits holds ids up to 255.",
        "Choose ids from 0 to 255.",
        described(car={"id": 300}),
        also=("300",),
    ),
    Mistake(
        "a_colour_of_four",
        "a list of 3",
        "A colour is red, green and blue.",
        "Write three numbers.",
        described(car={"color": [1, 2, 3, 4]}),
        also=("color",),
    ),
    Mistake(
        "colour_spelt_as_in_britain",
        "the unknown key",
        "A key of a label is misspelt.",
        "Write it as the message says.",
        described(car={"colour": [1, 2, 3]}),
        also=("write color",),
    ),
    Mistake(
        "no_classes",
        "no classes in labels.yaml",
        "labels.yaml lists no classes.",
        "List them under `classes`.",
        with_text("name: site\n"),
    ),
    Mistake(
        "labels_yaml_is_a_list",
        "expected a mapping",
        "labels.yaml begins with the list itself.",
        "Put `name:` and `classes:` around it.",
        with_text("- {id: 0, name: road, color: [1, 2, 3]}\n"),
    ),
    Mistake(
        "no_labels_folder",
        "no folder labels/",
        "The label images lie elsewhere.",
        "Put them into `labels/` beside `images/`.",
        without("labels"),
    ),
    Mistake(
        "no_images_folder",
        "no folder images/",
        "The images lie elsewhere, or a split must be named.",
        "Give the folder that holds `images/`, or `--split`.",
        without("images"),
    ),
    Mistake(
        "an_image_without_labels",
        "no labels/a_1.png for a_1.png",
        "An image has no label image of its name.",
        "Label it, or take it out.",
        without("labels/a_1.png"),
    ),
    Mistake(
        "no_labels_yaml",
        "of which the layout does not tell the format",
        "Nothing says what the ids mean.",
        "Write labels.yaml, or give `--format`.",
        without("labels.yaml"),
        also=("camvid",),
    ),
    Mistake(
        "no_labels_yaml_for_a_folder",
        "no labels.yaml in",
        "The format `folder` reads its classes from labels.yaml.",
        "Write it: docs/model_sidecar.md.",
        without("labels.yaml", "folder"),
    ),
    Mistake(
        "scored_as_camvid",
        "which has a labels.yaml of its own",
        "A folder with classes of its own was named CamVid.",
        "Leave `--format` out.",
        as_format("camvid"),
    ),
    Mistake(
        "a_misspelt_format",
        "the format 'cityscape'",
        "There is no such format.",
        "Write it as the message says.",
        as_format("cityscape"),
        also=("give --format cityscapes",),
    ),
    Mistake(
        "cityscapes_without_its_folders",
        "no folder leftImg8bit/val/",
        "The folder is not laid out as Cityscapes unpacks.",
        "Unpack both archives into one folder.",
        as_format("cityscapes"),
    ),
    Mistake(
        "no_such_label_set",
        "'camvid12'",
        "There is no label set of that name.",
        "Write one that the message names, or a path.",
        lambda _: told(label_set, "camvid12"),
        also=("camvid11",),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)


def test_what_the_mistakes_change_is_taken_without_them(tmp_path: Path) -> None:
    assert len(checked_dataset("auto", site(tmp_path))) == 1
