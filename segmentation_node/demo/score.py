"""The score of the demo's answers, where the true classes are known."""

from __future__ import annotations

import math
from typing import Any

from segmentation_node.core.labels import LabelSet
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.demo.frames import DemoFrame
from segmentation_node.errors import DatasetError


class Score:
    """Compares answers with true classes, frame by frame.

    Attributes:
        note: Why there is no score; empty where there is one.

    Args:
        labels: The model's label set.
        truth: The label set of the true classes; the model's own when None.
    """

    def __init__(self, labels: LabelSet, truth: LabelSet | None) -> None:
        self._matrix = ConfusionMatrix.for_labels(labels)
        self._frames = 0
        self.note = "" if truth is None or _same(labels, truth) else _unlike(labels, truth)

    def add(self, frame: DemoFrame) -> None:
        """Take a frame in, where it has an answer and true classes."""
        if self.note or frame.labels is None or frame.truth is None:
            return
        try:
            self._matrix.update(frame.labels, frame.truth)
            self._frames += 1
        except DatasetError as error:
            self.note = str(error)

    @property
    def iou(self) -> dict[str, float]:
        """IoU of each class that occurs, 0 to 1; empty where there is no score."""
        if self.note or not self._frames:
            return {}
        found = self._matrix.iou_by_name().items()
        return {name: iou for name, iou in found if not math.isnan(iou)}

    def figures(self) -> dict[str, Any]:
        """The score as plain numbers: miou is None where there is none."""
        iou = self.iou
        return {
            "miou": round(self._matrix.miou, 4) if iou else None,
            "pixel_accuracy": round(self._matrix.pixel_accuracy, 4) if iou else None,
            "iou": {name: round(value, 4) for name, value in iou.items()},
            "frames_scored": self._frames,
            "score_note": self.note,
        }


def _same(one: LabelSet, other: LabelSet) -> bool:
    return [(a.id, a.name) for a in one.classes] == [(b.id, b.name) for b in other.classes]


def _unlike(labels: LabelSet, truth: LabelSet) -> str:
    return f"the model's labels are {labels.name}, the true ones {truth.name}"
