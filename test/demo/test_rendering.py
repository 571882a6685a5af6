from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation_node.demo.drive_spec import DriveSpec, parse_size
from segmentation_node.demo.rendering import render
from segmentation_node.errors import ConfigError, OutputError
from segmentation_node.media.images import read_image, read_labels
from segmentation_node.media.video import VideoReader

SPEC = DriveSpec(seed=3, height=48, width=64, seconds=0.2, fps=10, condition="day")


def quiet(done: int, total: int) -> None:
    """Tell nobody."""


def test_a_folder_holds_what_the_drive_shows(tmp_path: Path) -> None:
    render(SPEC, tmp_path / "out", quiet)
    image, labels = SPEC.drive().frame(1)
    np.testing.assert_array_equal(read_labels(tmp_path / "out/labels/000001.png"), labels)
    shown = read_image(tmp_path / "out/images/000001.jpg").astype(int)
    assert np.abs(shown - image).mean() < 8


def test_a_video_has_every_frame(tmp_path: Path) -> None:
    render(SPEC, tmp_path / "out.mp4", quiet)
    with VideoReader(tmp_path / "out.mp4") as video:
        assert (video.fps, len(list(video.frames()))) == (10, 2)


def test_an_existing_output_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.mcap").write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        render(SPEC, tmp_path / "out.mcap", quiet)


def test_the_key_changes_with_the_drive() -> None:
    assert SPEC.key == DriveSpec(**vars(SPEC)).key
    assert SPEC.key != DriveSpec(**{**vars(SPEC), "seed": 4}).key


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"fps": -1}, {"seconds": float("nan")}, {"height": 0}]
)
def test_an_impossible_drive_is_an_error(wrong: dict) -> None:
    with pytest.raises(ConfigError):
        DriveSpec(**wrong)


def test_a_size_is_height_by_width() -> None:
    assert parse_size("720x1280") == (720, 1280)
    with pytest.raises(ConfigError, match="HEIGHTxWIDTH"):
        parse_size("720")
    with pytest.raises(ConfigError, match=r"1280 high, 720 wide.*write 720x1280"):
        parse_size("1280x720")
