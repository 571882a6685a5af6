from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from full_disk import full_disk

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
        levels = [frame.mean() for _, frame in reader.frames()]
    assert (reader.fps, reader.count) == (12.5, 8)
    np.testing.assert_allclose(levels, [20 * index for index in range(8)], atol=3)


def test_a_browser_can_play_it_at_once(tmp_path: Path) -> None:
    data = write(tmp_path / "a.mp4").read_bytes()
    assert b"avc1" in data
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sides_are_padded_to_even_ones(tmp_path: Path) -> None:
    with VideoReader(write(tmp_path / "a.mp4", shape=(47, 63))) as reader:
        assert next(reader.frames())[1].shape == (48, 64, 3)


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
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MediaError, match="pip install av"):
        VideoWriter(tmp_path / "a.mp4", 30)


TIMES = [0.0, 0.033, 0.067, 0.1, 0.6, 1.1, 1.1625, 3.5]
"""Seconds: 30 Hz, a camera that slows down in the dark, and a gap."""


def test_every_frame_keeps_its_time(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 30) as writer:
        for index, time_s in enumerate(TIMES):
            writer.write(grey(30 * index), time_s)
    with VideoReader(tmp_path / "a.mp4") as reader:
        times, levels = zip(*((at, frame.mean()) for at, frame in reader.frames()), strict=True)
    np.testing.assert_allclose(times, TIMES, atol=1e-4)
    np.testing.assert_allclose(levels, [30 * index for index in range(8)], atol=3)


def test_times_that_stand_still_are_replaced(tmp_path: Path, monkeypatch) -> None:
    """Some containers, and OpenCV for some of them, tell no times, or one time for all frames."""
    path = write(tmp_path / "a.mp4", frames=4)
    told = iter([5.0, 5.0, 5.3, 5.1])

    class Vague:
        def __init__(self, name: str) -> None:
            self._capture = VideoCapture(name)

        def get(self, what: int) -> float:
            is_time = what == cv2.CAP_PROP_POS_MSEC
            return 1e3 * next(told) if is_time else self._capture.get(what)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._capture, name)

    VideoCapture = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", Vague)
    with VideoReader(path) as reader:
        times = [at for at, _ in reader.frames()]
    np.testing.assert_allclose(times, [0, 0.08, 0.3, 0.38])


def test_frames_of_one_time_are_all_written(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 30) as writer:
        for index in range(4):
            writer.write(grey(60 * index), 0.5)
    with VideoReader(tmp_path / "a.mp4") as reader:
        assert len(list(reader.frames())) == 4


def test_colours_are_kept_and_tagged(tmp_path: Path) -> None:
    colours = [(200, 40, 30), (20, 190, 60), (40, 30, 210), (255, 255, 255), (0, 0, 0)]
    picture = np.repeat(np.array(colours, np.uint8), 32, axis=0).reshape(1, -1, 3)
    with VideoWriter(tmp_path / "a.mp4", 30) as writer:
        writer.write(np.repeat(picture, 64, axis=0))
    with av.open(str(tmp_path / "a.mp4")) as container:
        codec = container.streams.video[0].codec_context
        frame = next(container.decode(video=0))
        shown = frame.to_ndarray(format="bgr24", src_colorspace=1, src_color_range=1)
        tags = (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range)
    assert tags == (1, 1, 1, 1)
    middles = shown[32, 16::32]
    np.testing.assert_allclose(middles.astype(int), colours, atol=6)


def test_two_writers_of_one_video_do_not_disturb_each_other(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 30) as one, VideoWriter(tmp_path / "a.mp4", 30) as other:
        for _ in range(4):
            one.write(grey(10))
            other.write(grey(200, (96, 64)))
    with VideoReader(tmp_path / "a.mp4") as reader:
        levels = [frame.mean() for _, frame in reader.frames()]
    np.testing.assert_allclose(levels, [10] * 4, atol=3)  # it was closed last
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("frames", [60, 2])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, frames: int) -> None:
    """While frames are written, and at the end, when the encoder gives up what it held."""
    random = np.random.default_rng(0)
    with (
        full_disk(50_000),
        pytest.raises(OutputError, match="free space"),
        VideoWriter(tmp_path / "a.mp4", 30) as writer,
    ):
        for _ in range(frames):
            writer.write(random.integers(0, 255, (256, 256, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []
