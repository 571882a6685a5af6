"""The frames that a model does worst on, and a sheet of them to look at."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.accuracy import Answer, rounded
from segmentation_node.core.labels import LabelSet
from segmentation_node.datasets import Sample
from segmentation_node.drawing.sheet import PANEL_WIDTH, column, sheet
from segmentation_node.media.panels import framed_height, resized, resized_labels, tinted

WORST = 8
_ACROSS = 4
_ERROR = (60, 60, 255)
_PANELS = "from the top: image, true labels, answer, errors (red; black: does not count)"


@dataclass(frozen=True, order=True)
class _Frame:
    """One of the worst frames; of two, the lesser has the higher score, as a heap of them needs."""

    minus_miou: float
    number: int
    sample: Sample = field(compare=False)
    predicted: NDArray[np.uint8] = field(compare=False)
    wrong: NDArray[np.bool_] = field(compare=False)
    counted: NDArray[np.bool_] = field(compare=False)


class WorstFrames:
    """Keeps the frames with the lowest mean IoU over the classes that occur in them.

    Args:
        labels: Of the data set.
        predicted: Of the model.
        most: How many to keep.
    """

    key = "worst_frames"

    def __init__(self, labels: LabelSet, predicted: LabelSet, most: int = WORST) -> None:
        self._labels, self._predicted, self._most = labels, predicted, most
        self._heap: list[_Frame] = []
        self._number = 0

    def add(self, answer: Answer) -> None:
        """Take in one answer."""
        self._number += 1
        miou = answer.counts.miou
        full = len(self._heap) == self._most
        # Only what is kept is copied: whole label images of a data set would not fit in memory.
        if math.isnan(miou) or (full and -miou <= self._heap[0].minus_miou):
            return
        counted = answer.true_classes < answer.counts.num_classes
        wrong = counted & (answer.said_classes != answer.true_classes)
        predicted = answer.predicted.copy()
        frame = _Frame(-miou, -self._number, answer.sample, predicted, wrong, counted)
        (heapq.heapreplace if full else heapq.heappush)(self._heap, frame)

    def result(self) -> list[dict[str, Any]]:
        """Name, group and mean IoU of the frames, the worst first."""
        return [
            {
                "name": frame.sample.name,
                "group": frame.sample.group,
                "miou": rounded(-frame.minus_miou),
            }
            for frame in self._worst()
        ]

    def draw(self, score: Mapping[str, Any]) -> NDArray[np.uint8]:
        """Draw them: image, truth, answer and errors of each.

        Args:
            score: From `bench.accuracy.evaluate`, for the heading.

        Returns:
            (H, W, 3) uint8 BGR.

        Raises:
            MediaError: An image is not there any more.
        """
        title = f"The {len(self._heap)} worst of {score['frames']} frames of {score['data']}"
        setting = "{model}, {network_size} {fit}, {precision}".format(**score)
        columns = [self._column(frame) for frame in self._worst()]
        return sheet(columns, _ACROSS, self._predicted, (title, setting, _PANELS))

    def _worst(self) -> list[_Frame]:
        return sorted(self._heap, reverse=True)

    def _column(self, frame: _Frame) -> NDArray[np.uint8]:
        image, true = frame.sample.read()
        size = framed_height(image.shape, PANEL_WIDTH), PANEL_WIDTH
        small = resized(image, *size)
        panels = [
            small,
            tinted(small, resized_labels(true, *size), self._labels.palette(), alpha=1.0),
            tinted(small, resized_labels(frame.predicted, *size), self._predicted.palette(), 1.0),
            _errors(small, frame, size),
        ]
        return column((f"mIoU {-100 * frame.minus_miou:.1f} %", frame.sample.name), panels)


def _errors(image: NDArray[np.uint8], frame: _Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The image in grey, black where pixels do not count, and red where the answer is wrong."""
    wrong, counted = (
        resized_labels(mask.astype(np.uint8), *size) > 0 for mask in (frame.wrong, frame.counted)
    )
    grey = image.mean(axis=2, keepdims=True).repeat(3, axis=2)
    panel = np.where(counted[..., None], 0.7 * grey + 40, 0)
    panel[wrong] = 0.3 * panel[wrong] + 0.7 * np.array(_ERROR)
    return panel.astype(np.uint8)
