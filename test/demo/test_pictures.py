"""The pictures are for looking at; what is tested is what a program can say of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.demo.contact_sheet import ContactSheet
from segmentation_node.demo.frames import DemoFrame
from segmentation_node.demo.latency_plot import plot_latency, spread
from segmentation_node.demo.movie import Movie
from segmentation_node.drawing.lettering import PAPER
from segmentation_node.media.images import read_image
from segmentation_node.media.video import VideoReader


def frame(index: int, answered: bool = True, shape: tuple[int, int] = (36, 64)) -> DemoFrame:
    labels = np.full(shape, 3, np.uint8)
    return DemoFrame(
        index=index,
        time_s=index / 30,
        image=np.full((*shape, 3), 120, np.uint8),
        labels=labels if answered else None,
        truth=labels,
        latency_ms=20.0 + index if answered else None,
    )


def test_the_sheet_holds_answers_and_true_labels() -> None:
    sheet = ContactSheet(CAMVID_11, 20)
    for index in range(20):
        sheet.add(frame(index, answered=index % 3 != 0))
    image = sheet.draw("a drive", "a network", {"Road": 0.9})
    road = CAMVID_11.by_name("Road").color[::-1]
    assert image.shape[1] > 1900
    assert (image == road).all(axis=-1).sum() > 8 * 480 * 200  # eight true label images


def test_a_sheet_without_a_single_answer_can_be_drawn() -> None:
    sheet = ContactSheet(CAMVID_11, 2)
    sheet.add(frame(0, answered=False))
    assert sheet.draw("a drive", "a network", {}).ndim == 3


def test_the_video_runs_on_where_a_frame_was_skipped(tmp_path: Path) -> None:
    with Movie(tmp_path / "a.mp4", 30, CAMVID_11, "a network") as movie:
        for index in range(6):
            movie.add(frame(index, answered=index not in {0, 3}))
    with VideoReader(tmp_path / "a.mp4") as video:
        shown = [frame for _, frame in video.frames()]
    assert len(shown) == 6
    half = shown[0].shape[1] // 2
    # Nothing to show before the first answer; the one before stays where one is missing.
    assert np.abs(shown[0][60:590, half:].astype(int) - PAPER).mean() < 6
    held = shown[3][60:590, half:].astype(int) - shown[2][60:590, half:]
    assert np.abs(held).mean() < 3


def test_the_plot_is_drawn_with_and_without_answers(tmp_path: Path) -> None:
    known = {"p50": 20.0, "p95": 20.5, "p99": 21.0}
    plot_latency(tmp_path / "a.png", [(0.0, 20.0), (0.1, 21.0)], [0.05], known, "a drive", "a net")
    plot_latency(tmp_path / "b.png", [], [0.0], dict.fromkeys(known), "a drive", "a net")
    assert read_image(tmp_path / "a.png").shape == read_image(tmp_path / "b.png").shape


def test_words_too_close_are_moved_apart() -> None:
    assert spread([1.0, 1.1, 5.0], 0.5) == [1.0, 1.5, 5.0]
