"""Scores a model on a data set through the package's own pipeline, as a user would run it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.components import Components, components
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.core.reliability import Reliability
from segmentation_node.datasets import Dataset, Sample
from segmentation_node.errors import DatasetError
from segmentation_node.pipeline import Outputs, Segmentation, Segmenter

_OUTPUTS = Outputs(color=False, confidence=True)


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model made of one image, beside the truth.

    Args:
        sample: The image.
        predicted: (H, W) uint8 label ids of the segmenter; valid until the next answer.
        true: (H, W) uint8 label ids of the data set.
        counts: Of this image alone.
    """

    sample: Sample
    predicted: NDArray[np.uint8]
    true: NDArray[np.uint8]
    counts: ConfusionMatrix

    @cached_property
    def true_classes(self) -> NDArray[np.int64]:
        """(H, W) int64: the scored class of each pixel; the number of classes where it has none."""
        return self.counts.true_classes(self.true)

    @cached_property
    def said_classes(self) -> NDArray[np.int64]:
        """(H, W) int64: the same of the prediction; none on pixels that do not count."""
        said = self.counts.predicted_classes(self.predicted)
        said[self.true_classes == self.counts.num_classes] = self.counts.num_classes
        return said

    def things(self, name: str) -> tuple[Components, Components]:
        """The components of a class: in the annotation, and in the prediction where it counts."""
        if name not in self._things:
            index = self.counts.names.index(name)
            self._things[name] = (
                components(self.true_classes == index),
                components(self.said_classes == index),
            )
        return self._things[name]

    @cached_property
    def _things(self) -> dict[str, tuple[Components, Components]]:
        return {}


class Tally(Protocol):
    """Something more to be found out while a model is scored."""

    @property
    def key(self) -> str:
        """What its result is called in the score."""

    def add(self, answer: Answer) -> None:
        """Take in one answer; what is to be kept of its arrays must be copied."""

    def result(self) -> Any:
        """What was found out, as plain numbers, strings, lists and mappings."""


def evaluate(
    segmenter: Segmenter,
    data: Dataset,
    progress: Callable[[int, int], None] | None = None,
    tallies: Sequence[Tally] = (),
) -> dict[str, Any]:
    """Score a model on a data set.

    Args:
        segmenter: The model as it runs; its precision and network size are what is scored.
        data: Images with labels, at their own size.
        progress: Called with the number of images done, and of all.
        tallies: What else to find out; each result stands under its key.

    Returns:
        `miou` first, over all images; then the same by class, category and group of the data set,
        pixel accuracy, `ece` (the expected calibration error of the confidence that the node
        publishes), and what the score depends on: network size, fit, precision, engine, device,
        temperature and the model file's hash.

    Raises:
        DatasetError: The data set has no images or no pixel that counts, or a class that the model
            does not give.
    """
    if not data.samples:
        raise DatasetError(f"no images in {data.name}", "at least one", "choose another split")
    total = ConfusionMatrix.for_labels(data.labels, segmenter.labels)
    by_group = {group: total.empty() for group in data.groups}
    reliability = Reliability()
    for done, sample in enumerate(data.samples, start=1):
        image, true = sample.read()
        result = segmenter(image, outputs=_OUTPUTS)
        counts = total.empty()
        counts.update(result.labels, true)
        total.merge(counts)
        by_group[sample.group].merge(counts)
        answer = Answer(sample, result.labels, true, counts)
        _count_confidence(reliability, result, answer)
        for tally in tallies:
            tally.add(answer)
        if progress:
            progress(done, len(data))
    check_counted(total, data)
    groups = {group: rounded(matrix.miou) for group, matrix in by_group.items()}
    found = {tally.key: tally.result() for tally in tallies}
    scores = {**_scores(total, data), "ece": rounded(reliability.error), "by_group": groups}
    return {**scores, **provenance(segmenter), **found}


def _count_confidence(reliability: Reliability, result: Segmentation, answer: Answer) -> None:
    if result.confidence is None:
        return
    counted = answer.true_classes < answer.counts.num_classes
    correct = answer.said_classes == answer.true_classes
    reliability.update(result.confidence[counted], correct[counted])


def provenance(segmenter: Segmenter) -> dict[str, Any]:
    """What a score depends on besides the data.

    Args:
        segmenter: The model as it runs; precision and device are asked of its runtime.
    """
    return {
        "model": segmenter.model.name,
        "model_file": segmenter.model.path.name,
        "model_sha256": file_sha256(segmenter.model.path),
        "labels": segmenter.labels.name,
        "network_size": str(segmenter.network_size),
        "fit": segmenter.model.input.fit.value,
        "temperature": segmenter.model.temperature,
        "precision": segmenter.precision,
        "engine": segmenter.engine_name,
        "device": segmenter.device,
    }


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rounded(score: float) -> float | None:
    """Four digits: finer than two runs agree; None for NaN, where there is nothing to score."""
    return None if math.isnan(score) else round(float(score), 4)


def scores_of(matrix: ConfusionMatrix) -> dict[str, Any]:
    """The scores that a matrix holds, rounded: mean IoU, pixel accuracy, IoU by class.

    Args:
        matrix: Of any number of images.
    """
    return {
        "miou": rounded(matrix.miou),
        "pixel_accuracy": rounded(matrix.pixel_accuracy),
        "per_class": {name: rounded(iou) for name, iou in matrix.iou_by_name().items()},
    }


def _scores(matrix: ConfusionMatrix, data: Dataset) -> dict[str, Any]:
    categories = matrix.category_iou()
    return {
        **scores_of(matrix),
        "category_miou": rounded(matrix.category_miou),
        "per_category": {name: rounded(iou) for name, iou in categories.items()},
        "frames": len(data),
        "data": data.name,
    }


def check_counted(total: ConfusionMatrix, data: Dataset) -> None:
    """Check that there is something to score.

    Args:
        total: Over all images.
        data: Where they are from.

    Raises:
        DatasetError: No pixel counts.
    """
    if not total.counts.any():
        raise DatasetError(
            received=f"{data.name}, of which every pixel is ignored",
            expected="annotated images",
            fix="score on a split that is annotated: that of Cityscapes' test images is withheld",
        )
