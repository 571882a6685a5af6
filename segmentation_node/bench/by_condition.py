"""Scores by condition: CamVid's sequence, Cityscapes' city, the light of a rendered scene."""

from __future__ import annotations

from typing import Any

from segmentation_node.bench.accuracy import Answer, scores_of
from segmentation_node.core.metrics import ConfusionMatrix


class ByCondition:
    """Keeps a matrix for each group of a data set."""

    key = "by_condition"

    def __init__(self) -> None:
        self._matrices: dict[str, ConfusionMatrix] = {}
        self._frames: dict[str, int] = {}

    def add(self, answer: Answer) -> None:
        """Take in one answer."""
        group = answer.sample.group
        self._matrices.setdefault(group, answer.counts.empty()).merge(answer.counts)
        self._frames[group] = self._frames.get(group, 0) + 1

    def result(self) -> dict[str, Any]:
        """Frames, mean IoU, pixel accuracy and IoU by class of each group, sorted by its name."""
        return {
            group: {"frames": self._frames[group], **scores_of(self._matrices[group])}
            for group in sorted(self._matrices)
        }
