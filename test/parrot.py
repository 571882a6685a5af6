"""Stands for a segmenter: answers that are written down, in place of a network's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from segmentation_node.bench.accuracy import Answer
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.labels import CAMVID_11, LabelSet
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.datasets import Sample
from segmentation_node.model import load_model


class Parrot:
    """A segmenter with the answers written down beforehand.

    Args:
        answers: (H, W) uint8 label ids each, in the order of the images.
        labels: What they mean.
        confidence: 0 to 255, how sure it is of every pixel; None: it does not say.
    """

    def __init__(
        self,
        answers: Iterable[np.ndarray],
        labels: LabelSet = CAMVID_11,
        confidence: int | None = None,
    ) -> None:
        self.answers, self.confidence = iter(answers), confidence
        self.labels = labels
        self.model = load_model("camvid")
        self.precision, self.device, self.engine_name = "fp32", "Some CPU", "parrot"
        self.network_size = NetworkSize(384, 480)

    def __call__(self, image: np.ndarray, outputs: object) -> SimpleNamespace:
        assert not outputs.color
        labels, sure = next(self.answers), self.confidence
        confidence = None if sure is None else np.full(labels.shape, sure, np.uint8)
        return SimpleNamespace(labels=labels, confidence=confidence)


def answer(
    true: np.ndarray, said: np.ndarray, name: str = "a_1", labels: LabelSet = CAMVID_11
) -> Answer:
    """The answer to one image that is on no disk, as tallies get it."""
    counts = ConfusionMatrix.for_labels(labels)
    counts.update(said, true)
    sample = Sample(name, Path(f"{name}.jpg"), Path(f"{name}.png"), name.rsplit("_", 1)[0])
    return Answer(sample, said, true, counts)
