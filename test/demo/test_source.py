from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_bags import picture, write_bag

from segmentation_node.bags.images import decode_frame
from segmentation_node.bags.reader import BagReader
from segmentation_node.demo.drive_spec import DriveSpec
from segmentation_node.demo.settings import DemoSettings
from segmentation_node.demo.source import Source, prepare
from segmentation_node.errors import MediaError
from segmentation_node.media.images import write_image
from segmentation_node.media.video import VideoWriter


def prepared(tmp_path: Path, source: Path | None, **options) -> Source:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return prepare(DemoSettings(tmp_path, source, **options), scratch, lambda done, total: None)


def frames(source: Source, topic: str | None = None) -> list[np.ndarray]:
    with BagReader(source.bag) as bag:
        return [decode_frame(message).array for message in bag.messages([topic or source.topic])]


def times(source: Source) -> list[int]:
    with BagReader(source.bag) as bag:
        return [message.time_ns for message in bag.messages([source.topic])]


def test_a_folder_becomes_a_bag_at_the_rate_asked_for(tmp_path: Path) -> None:
    for index in range(3):
        write_image(tmp_path / "mine" / f"{index}.png", picture(index))
    source = prepared(tmp_path, tmp_path / "mine", fps=10.0)
    np.testing.assert_array_equal(frames(source), [picture(index) for index in range(3)])
    assert np.diff(times(source)).tolist() == [100_000_000] * 2
    assert source.labels_topic is None


def test_labels_beside_the_images_come_along(tmp_path: Path) -> None:
    for index in range(2):
        write_image(tmp_path / "images" / f"{index}.jpg", picture(index))
        write_image(tmp_path / "labels" / f"{index}.png", picture(index)[..., 0])
    source = prepared(tmp_path, tmp_path / "images")
    assert source.labels_topic == "/camera/labels/compressed"
    np.testing.assert_array_equal(frames(source, source.labels_topic)[1], picture(1)[..., 0])


def test_labels_that_are_not_all_there_are_left_out(tmp_path: Path) -> None:
    for index in range(2):
        write_image(tmp_path / "images" / f"{index}.jpg", picture(index))
    write_image(tmp_path / "labels" / "0.png", picture(0)[..., 0])
    assert prepared(tmp_path, tmp_path / "images").labels_topic is None


def test_a_jpeg_is_taken_as_it_is(tmp_path: Path) -> None:
    write_image(tmp_path / "mine" / "0.jpg", picture(3))
    source = prepared(tmp_path, tmp_path / "mine")
    with BagReader(source.bag) as bag:
        assert (tmp_path / "mine" / "0.jpg").read_bytes() in next(bag.messages()).data


def test_a_damaged_image_is_named_before_anything_runs(tmp_path: Path) -> None:
    write_image(tmp_path / "mine" / "0.jpg", picture(3))
    (tmp_path / "mine" / "1.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(MediaError, match=r"1\.jpg"):
        prepared(tmp_path, tmp_path / "mine")


def test_a_video_becomes_a_bag_at_its_own_rate(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 20) as video:
        for level in (0, 80, 160):
            video.write(np.full((48, 64, 3), level, np.uint8))
    source = prepared(tmp_path, tmp_path / "a.mp4")
    assert [
        abs(int(image.mean()) - level) < 4
        for image, level in zip(frames(source), (0, 80, 160), strict=True)
    ] == [True] * 3
    assert np.diff(times(source)).tolist() == [50_000_000] * 2


def test_a_bag_is_taken_as_it_is(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "drive.mcap")
    source = prepared(tmp_path, bag)
    assert (source.bag, source.topic) == (bag, "/camera/image_raw/compressed")
    assert source.labels_topic is None


def test_a_drive_is_rendered_once(tmp_path: Path) -> None:
    spec = DriveSpec(height=48, width=64, seconds=0.1)
    source = prepared(tmp_path, None, drive=spec)
    first = source.bag.stat().st_mtime_ns
    (tmp_path / "scratch").rmdir()
    again = prepared(tmp_path, None, drive=spec)
    assert (again.bag, again.bag.stat().st_mtime_ns) == (source.bag, first)
    assert len(frames(source)) == len(frames(source, source.labels_topic)) == 3


def test_another_drive_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    for seed in (1, 2):
        spec = DriveSpec(seed=seed, height=48, width=64, seconds=0.05)
        source = prepare(DemoSettings(tmp_path, drive=spec), tmp_path, lambda done, total: None)
    assert list(tmp_path.glob("*.mcap")) == [source.bag]


def test_a_jpeg_that_is_to_be_turned_is_upright_in_the_bag(tmp_path: Path) -> None:
    image = np.zeros((40, 64, 3), np.uint8)
    image[:20] = 200
    write_image(tmp_path / "mine" / "a.jpg", image)
    data = (tmp_path / "mine" / "a.jpg").read_bytes()
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"  # 6: a quarter turn clockwise
    note = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + bytes(4)
    segment = b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note
    (tmp_path / "mine" / "a.jpg").write_bytes(data[:2] + segment + data[2:])
    (found,) = frames(prepared(tmp_path, tmp_path / "mine"))
    assert np.abs(found.astype(int) - np.rot90(image, -1)).max() < 10
