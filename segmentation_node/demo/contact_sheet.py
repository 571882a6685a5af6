"""The contact sheet: a few moments of the drive, the node's answers beneath, and a legend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import LabelSet
from segmentation_node.demo.frames import DemoFrame
from segmentation_node.demo.legend import legend
from segmentation_node.demo.lettering import FAINT, INK, PAPER, put_text, width_of
from segmentation_node.media.panels import framed_height, resized, resized_labels, tinted

COLUMNS, ROWS = 4, 2
_CELL_WIDTH, _GAP, _MARGIN = 480, 8, 20
_CAPTION, _TITLE, _SUBTITLE = 36, 26, 17


class ContactSheet:
    """Collects moments that lie evenly over the drive, and draws them.

    Args:
        labels: The classes that the node answers with.
        total: Frames that there will be.
    """

    def __init__(self, labels: LabelSet, total: int) -> None:
        self._labels = labels
        moments = min(total, COLUMNS * ROWS)
        self._due = [round((i + 0.5) * total / moments) for i in range(moments)]
        self._columns: list[NDArray[np.uint8]] = []
        self._has_truth = False

    def add(self, frame: DemoFrame) -> None:
        """Take the frame in where a moment is due, and it was answered."""
        if frame.labels is not None and len(self._columns) < self._passed(frame.index):
            self._columns.append(self._column(frame))

    def draw(self, title: str, subtitle: str, iou: dict[str, float]) -> NDArray[np.uint8]:
        """Draw the sheet.

        Args:
            title: What is shown.
            subtitle: With what it was made.
            iou: IoU of classes by name, 0 to 1, for the legend; may be empty.

        Returns:
            (H, W, 3) uint8 BGR.
        """
        width = COLUMNS * (_CELL_WIDTH + _GAP) - _GAP + 2 * _MARGIN
        notes = {name: f"{100 * value:.0f} %" for name, value in iou.items()}
        heading = _heading(title, subtitle, width, self._has_truth)
        parts = [heading, *self._bands(width)]
        return np.vstack([*parts, legend(self._labels, width, notes=notes), _space(10, width)])

    def _passed(self, index: int) -> int:
        return sum(due <= index for due in self._due)

    def _column(self, frame: DemoFrame) -> NDArray[np.uint8]:
        height = framed_height(frame.image.shape, _CELL_WIDTH)
        image = resized(frame.image, height, _CELL_WIDTH)
        parts = [_caption(frame), image, _space(_GAP // 2, _CELL_WIDTH)]
        palette = self._labels.palette()
        if frame.labels is not None:
            parts.append(tinted(image, resized_labels(frame.labels, height, _CELL_WIDTH), palette))
        if frame.truth is not None:
            self._has_truth = True
            truth = resized_labels(frame.truth, height, _CELL_WIDTH)
            parts += [_space(_GAP // 2, _CELL_WIDTH), tinted(image, truth, palette, alpha=1.0)]
        return np.vstack(parts)

    def _bands(self, width: int) -> list[NDArray[np.uint8]]:
        bands = []
        for start in range(0, len(self._columns), COLUMNS):
            columns = self._columns[start : start + COLUMNS]
            height = max(column.shape[0] for column in columns)
            band = _space(height + _GAP, width)
            for number, column in enumerate(columns):
                x = _MARGIN + number * (_CELL_WIDTH + _GAP)
                band[: column.shape[0], x : x + _CELL_WIDTH] = column
            bands.append(band)
        return bands


def _heading(title: str, subtitle: str, width: int, has_truth: bool) -> NDArray[np.uint8]:
    heading = _space(84, width)
    put_text(heading, title, _MARGIN, 30, _TITLE, INK)
    put_text(heading, subtitle, _MARGIN, 64, _SUBTITLE, FAINT)
    rows = "from the top: camera, answer" + (", true labels" if has_truth else "")
    x = width - _MARGIN - width_of(rows, _SUBTITLE)
    put_text(heading, rows, x, 64, _SUBTITLE, FAINT)
    return heading


def _caption(frame: DemoFrame) -> NDArray[np.uint8]:
    caption = _space(_CAPTION, _CELL_WIDTH)
    end = put_text(caption, f"{frame.time_s:.1f} s", 2, _CAPTION // 2, _SUBTITLE, INK)
    put_text(
        caption, f"answered in {frame.latency_ms:.0f} ms", end + 12, _CAPTION // 2, _SUBTITLE, FAINT
    )
    return caption


def _space(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), PAPER, np.uint8)
