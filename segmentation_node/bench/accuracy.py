"""Scores a model on a data set through the package's own pipeline, as a user would run it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segmentation_node.core.labels import LabelSet
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.errors import DatasetError
from segmentation_node.pipeline import Outputs, Segmenter
from segmentation_node.training.datasets import Dataset

_LABELS_ONLY = Outputs(color=False)


def evaluate(
    segmenter: Segmenter, data: Dataset, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Score a model on a data set.

    Args:
        segmenter: The model as it runs; its precision and network size are what is scored.
        data: Images with labels, at their own size.
        progress: Called with the number of images done, and of all.

    Returns:
        `miou` first, over all images; then the same by class and by group of the data set, pixel
        accuracy, and what the score depends on: network size, fit, precision, engine, device and
        the model file's hash.

    Raises:
        DatasetError: The data set has no images, or other labels than the model.
    """
    _check(segmenter.model.labels, data)
    matrices = {group: ConfusionMatrix.for_labels(data.labels) for group in data.groups}
    for done, sample in enumerate(data.samples, start=1):
        image, labels = sample.read()
        predicted = segmenter(image, outputs=_LABELS_ONLY).labels
        matrices[sample.group].update(predicted, labels)
        if progress:
            progress(done, len(data))
    total = ConfusionMatrix.for_labels(data.labels)
    for matrix in matrices.values():
        total.merge(matrix)
    by_group = {group: _rounded(matrix.miou) for group, matrix in matrices.items()}
    return {**_scores(total, data), "by_group": by_group, **provenance(segmenter)}


def provenance(segmenter: Segmenter) -> dict[str, Any]:
    """What a score depends on besides the data.

    Args:
        segmenter: The model as it runs; precision and device are asked of its runtime.
    """
    return {
        "model": segmenter.model.name,
        "model_sha256": file_sha256(segmenter.model.path),
        "network_size": str(segmenter.network_size),
        "fit": segmenter.model.input.fit.value,
        "precision": segmenter.precision,
        "engine": segmenter.engine_name,
        "device": segmenter.device,
    }


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check(labels: LabelSet, data: Dataset) -> None:
    if not data.samples:
        raise DatasetError(f"no images in {data.name}", "at least one", "choose another split")
    wanted = [(label.id, label.name) for label in data.labels.classes]
    if [(label.id, label.name) for label in labels.classes] != wanted:
        raise DatasetError(
            received=f"{data.name}, labelled with {data.labels.name}",
            expected=f"labels of {labels.name}, which the model gives",
            fix="score a model on a data set with its own classes",
        )


def _scores(matrix: ConfusionMatrix, data: Dataset) -> dict[str, Any]:
    return {
        "miou": _rounded(matrix.miou),
        "pixel_accuracy": _rounded(matrix.pixel_accuracy),
        "per_class": {name: _rounded(iou) for name, iou in matrix.iou_by_name().items()},
        "frames": len(data),
        "data": data.name,
    }


def _rounded(score: float) -> float | None:
    """Four digits: finer than two runs agree; None where a class is in neither image."""
    return None if math.isnan(score) else round(score, 4)
