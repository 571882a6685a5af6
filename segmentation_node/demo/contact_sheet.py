"""The contact sheet: a few moments of the drive, the node's answers beneath, and a legend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import LabelSet
from segmentation_node.demo.frames import DemoFrame
from segmentation_node.drawing.sheet import PANEL_WIDTH, column, sheet
from segmentation_node.media.panels import framed_height, resized, resized_labels, tinted

COLUMNS, ROWS = 4, 2


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
        panels = "from the top: camera, answer" + (", true labels" if self._has_truth else "")
        notes = {name: f"{100 * value:.0f} %" for name, value in iou.items()}
        return sheet(self._columns, COLUMNS, self._labels, (title, subtitle, panels), notes)

    def _passed(self, index: int) -> int:
        return sum(due <= index for due in self._due)

    def _column(self, frame: DemoFrame) -> NDArray[np.uint8]:
        height = framed_height(frame.image.shape, PANEL_WIDTH)
        panels = [image := resized(frame.image, height, PANEL_WIDTH)]
        palette = self._labels.palette()
        if frame.labels is not None:
            answer = resized_labels(frame.labels, height, PANEL_WIDTH)
            panels.append(tinted(image, answer, palette))
        if frame.truth is not None:
            self._has_truth = True
            truth = resized_labels(frame.truth, height, PANEL_WIDTH)
            panels.append(tinted(image, truth, palette, alpha=1.0))
        return column((f"{frame.time_s:.1f} s", f"answered in {frame.latency_ms:.0f} ms"), panels)
