from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation_node.errors import MediaError, OutputError
from segmentation_node.media.video import VideoReader, VideoWriter


def grey(level: int, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.full((*shape, 3), level, np.uint8)


def write(path: Path, frames: int = 8, shape: tuple[int, int] = (48, 64)) -> Path:
    with VideoWriter(path, 12.5) as writer:
        for index in range(frames):
            writer.write(grey(20 * index, shape))
    return path


def test_a_video_written_is_read_frame_by_frame(tmp_path: Path) -> None:
    with VideoReader(write(tmp_path / "a.mp4")) as reader:
        levels = [frame.mean() for frame in reader.frames()]
    assert (reader.fps, reader.count) == (12.5, 8)
    np.testing.assert_allclose(levels, [20 * index for index in range(8)], atol=3)


def test_a_browser_can_play_it_at_once(tmp_path: Path) -> None:
    data = write(tmp_path / "a.mp4").read_bytes()
    assert b"avc1" in data
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sides_are_padded_to_even_ones(tmp_path: Path) -> None:
    with VideoReader(write(tmp_path / "a.mp4", shape=(47, 63))) as reader:
        assert next(reader.frames()).shape == (48, 64, 3)


def test_a_frame_of_another_size_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="first frame"), VideoWriter(tmp_path / "a.mp4", 30) as w:
        w.write(grey(0))
        w.write(grey(0, (48, 66)))
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_is_safe(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", 30)
    writer.write(grey(0))
    writer.close()
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_video_cut_short_is_an_error(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "a.mp4", frames=12)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(MediaError, match=r"does not open|ends after"):
        list(VideoReader(path).frames())


def test_a_missing_video_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not open"):
        VideoReader(tmp_path / "none.mp4")


def test_another_ending_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"'\.avi'"):
        VideoWriter(tmp_path / "a.avi", 30)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        write(tmp_path / "file" / "a.mp4")


def test_a_missing_encoder_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(MediaError, match="pip install imageio-ffmpeg"):
        VideoWriter(tmp_path / "a.mp4", 30)
