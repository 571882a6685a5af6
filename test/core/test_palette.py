"""Palettes: colours by the names of classes, and faults that name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.core.palette import Palette, load_palette
from segmentation_node.errors import ConfigError


def written(folder: Path, content: str) -> Path:
    path = folder / "colours.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_named_classes_get_their_colours_and_the_others_keep_theirs(tmp_path: Path) -> None:
    palette = load_palette(written(tmp_path, "Road: [1, 2, 3]\nCar: [255, 0, 7]\n"))
    labels = palette.recolored(CAMVID_11)
    for before, after in zip(CAMVID_11.labels, labels.labels, strict=True):
        wanted = {"Road": (1, 2, 3), "Car": (255, 0, 7)}.get(before.name, before.color)
        assert after.color == tuple(labels.palette()[after.pixel]) == wanted
        assert (after.id, after.name, after.category) == (before.id, before.name, before.category)


def test_a_class_that_is_none_is_named_with_the_known_ones() -> None:
    palette = Palette("mine.yaml", {"road": (0, 0, 0), "Car": (1, 1, 1)})
    with pytest.raises(ConfigError, match=r"in mine\.yaml for road; expected .*Sky, Building"):
        palette.recolored(CAMVID_11)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Road: [1, 2]", r"colours\.yaml: Road"),
        ("Road: [1, 2, 256]", r"colours\.yaml: Road"),
        ("Road: red", r"colours\.yaml: Road"),
        ("[Road]", r"a mapping"),
    ],
)
def test_what_is_no_colour_is_refused_by_its_name(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_palette(written(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file at .*none\.yaml"):
        load_palette(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match=r"no file at ~nobody-of-this-name/none\.yaml"):
        load_palette("~nobody-of-this-name/none.yaml")
