"""The video: what the camera saw beside what the node made of it, as it would be seen live."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import LabelSet
from segmentation_node.demo.frames import DemoFrame
from segmentation_node.drawing.legend import legend
from segmentation_node.drawing.lettering import FAINT, INK, PAPER, put_text, width_of
from segmentation_node.media.panels import framed_height, resized, resized_labels, tinted
from segmentation_node.media.video import VideoWriter

PANEL_WIDTH = 960
_TITLE_HEIGHT, _TEXT, _MARGIN = 52, 20, 20
_LATE = (90, 150, 255)


class Movie:
    """Writes the video frame by frame; a context manager.

    Where the node skipped a frame, its latest answer stays on the right: that is what a
    subscriber of its topics would be looking at.

    Args:
        path: The .mp4 file.
        fps: Frames a second.
        labels: The classes that the node answers with.
        title: What is running, in one line.
    """

    def __init__(self, path: Path, fps: float, labels: LabelSet, title: str) -> None:
        self._writer = VideoWriter(path, fps)
        self._palette = labels.palette()
        self._legend = legend(labels, 2 * PANEL_WIDTH)
        self._title = title
        self._answer: NDArray[np.uint8] | None = None

    def add(self, frame: DemoFrame) -> None:
        """Append a frame.

        Raises:
            OutputError: The video cannot be written.
        """
        height = framed_height(frame.image.shape, PANEL_WIDTH)
        camera = resized(frame.image, height, PANEL_WIDTH)
        if frame.labels is not None:
            small = resized_labels(frame.labels, height, PANEL_WIDTH)
            self._answer = tinted(camera, small, self._palette)
        if self._answer is None or self._answer.shape != camera.shape:
            self._answer = np.full_like(camera, PAPER)
        panels = np.hstack([camera, self._answer])
        self._writer.write(np.vstack([self._headline(frame), panels, self._legend]), frame.time_s)

    def _headline(self, frame: DemoFrame) -> NDArray[np.uint8]:
        line = np.full((_TITLE_HEIGHT, 2 * PANEL_WIDTH, 3), PAPER, np.uint8)
        middle = _TITLE_HEIGHT // 2
        put_text(line, self._title, _MARGIN, middle, _TEXT, INK)
        skipped = frame.latency_ms is None
        right = "skipped" if skipped else f"{frame.latency_ms:5.1f} ms"
        # Digits of one width and a fixed left edge, so that nothing jumps from frame to frame.
        edge = 2 * PANEL_WIDTH - _MARGIN - width_of("000.0 ms", _TEXT)
        put_text(line, right.strip(), edge, middle, _TEXT, _LATE if skipped else INK)
        left = f"frame {frame.index + 1}   t {frame.time_s:.2f} s   latency"
        put_text(line, left, edge - width_of(left, _TEXT) - 12, middle, _TEXT, FAINT)
        return line

    def __enter__(self) -> Movie:
        self._writer.__enter__()
        return self

    def __exit__(self, *ending: object) -> None:
        self._writer.__exit__(*ending)  # type: ignore[arg-type]
