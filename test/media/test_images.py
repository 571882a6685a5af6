from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from full_disk import full_disk
from locked import lock

from segmentation_node.errors import MediaError, OutputError
from segmentation_node.media.images import list_images, read_image, read_labels, write_image

IMAGE = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)


def test_an_image_written_is_the_image_read(tmp_path: Path) -> None:
    write_image(tmp_path / "new" / "a.png", IMAGE)
    np.testing.assert_array_equal(read_image(tmp_path / "new" / "a.png"), IMAGE)


def test_labels_written_are_the_labels_read(tmp_path: Path) -> None:
    write_image(tmp_path / "l.png", IMAGE[..., 0])
    np.testing.assert_array_equal(read_labels(tmp_path / "l.png"), IMAGE[..., 0])


def test_images_stand_in_natural_order(tmp_path: Path) -> None:
    for name in ("f10.png", "f9.PNG", "f1.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in list_images(tmp_path)] == ["f1.jpg", "f9.PNG", "f10.png"]


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="without an image"):
        list_images(tmp_path)


def test_a_folder_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(monkeypatch, tmp_path)
    with pytest.raises(MediaError, match=r"Permission denied.*fix: check the path"):
        list_images(tmp_path)


@pytest.mark.parametrize(("read", "name"), [(read_image, "a.jpg"), (read_labels, "a.png")])
def test_a_truncated_file_is_named(tmp_path: Path, read, name: str) -> None:
    write_image(tmp_path / name, IMAGE)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100])
    with pytest.raises(MediaError, match=rf"{name}: 100 bytes"):
        read(tmp_path / name)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="No such file"):
        read_image(tmp_path / "none.png")


def test_an_unknown_ending_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"'\.xyz'"):
        write_image(tmp_path / "a.xyz", IMAGE)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        write_image(tmp_path / "file" / "a.png", IMAGE)


def test_hidden_files_are_no_images_of_a_folder(tmp_path: Path) -> None:
    for name in ("._a.png", ".hidden.jpg", "a.png"):
        write_image(tmp_path / name, IMAGE)
    assert [path.name for path in list_images(tmp_path)] == ["a.png"]
    (tmp_path / "a.png").unlink()
    with pytest.raises(MediaError, match="without an image"):
        list_images(tmp_path)


def test_a_full_disk_leaves_no_half_image(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    write_image(tmp_path / "b.png", noise)
    before = (tmp_path / "b.png").read_bytes()
    for name in ("a.png", "b.png"):
        with full_disk(4096), pytest.raises(OutputError):
            write_image(tmp_path / name, 255 - noise)
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]
    assert (tmp_path / "b.png").read_bytes() == before
