"""Scores of label images: intersection over union by class and by category.

IoU = TP / (TP + FP + FN), summed over all images before dividing (the paper's section 5.1; PASCAL
VOC). What is counted follows the Cityscapes benchmark: pixels whose true label is ignored do not
count at all; a prediction of no class, or of an ignored one, on a scored pixel is a false negative
of the true class; and a class that was predicted but never occurs scores 0, while one that is in
neither is left out of the mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import NO_CLASS, LabelSet
from segmentation_node.errors import ConfigError, DatasetError

_UNKNOWN = -1


class ConfusionMatrix:
    """Counts of pixels by true and predicted class, over any number of images.

    Args:
        num_classes: Number of classes; their ids are 0 to num_classes - 1.
        ignore_id: Id of pixels that do not count. 255 does not count either.

    Attributes:
        counts: (num_classes, num_classes + 1) int64: true class by predicted class; the last
            column holds the pixels that were given no class.
        names: Names of the classes.
        categories: Category of each class, empty where it has none.
    """

    def __init__(self, num_classes: int, ignore_id: int = NO_CLASS) -> None:
        if not 0 < num_classes <= NO_CLASS or 0 <= ignore_id < num_classes:
            raise ConfigError(
                received=f"{num_classes} classes with ignore_id {ignore_id}",
                expected=f"1 to {NO_CLASS} classes, and an ignore_id that is none of theirs",
                fix="use ConfusionMatrix.for_labels where ids are not counted from 0",
            )
        self.counts = np.zeros((num_classes, num_classes + 1), np.int64)
        self.names = tuple(str(index) for index in range(num_classes))
        self.categories: tuple[str, ...] = ("",) * num_classes
        table = np.full(256, _UNKNOWN, np.int64)
        table[[ignore_id, NO_CLASS]] = num_classes
        table[:num_classes] = np.arange(num_classes)
        self._row_of_id = self._column_of_id = table

    @classmethod
    def for_labels(cls, labels: LabelSet, predicted: LabelSet | None = None) -> ConfusionMatrix:
        """A matrix for label images of a set: its classes that are not ignored are scored.

        Args:
            labels: What true pixels mean.
            predicted: What predicted pixels mean; `labels` where None. A label of the same name as
                a scored class stands for it, whatever its id, and every other for no class.

        Raises:
            DatasetError: `predicted` has no class for a scored one.
        """
        scored = [label for label in labels.classes if not label.ignored]
        matrix = cls(len(scored))
        matrix.names = tuple(label.name for label in scored)
        matrix.categories = tuple(label.category for label in scored)
        matrix._row_of_id = _table(labels, matrix.names)
        if predicted is None:
            predicted = labels
        _check_covers(predicted, labels, matrix.names)
        matrix._column_of_id = _table(predicted, matrix.names)
        return matrix

    def empty(self) -> ConfusionMatrix:
        """A matrix over the same classes without a count."""
        other = copy(self)
        other.counts = np.zeros_like(self.counts)
        return other

    @property
    def num_classes(self) -> int:
        """Number of scored classes."""
        return len(self.counts)

    def update(self, predicted: NDArray[Any], true: NDArray[Any]) -> None:
        """Count the pixels of one image or of several.

        Args:
            predicted: (...) integer label ids.
            true: (...) integer label ids, of the same shape.

        Raises:
            DatasetError: The shapes differ, or a pixel holds an id that the classes do not have.
        """
        if predicted.shape != true.shape:
            raise DatasetError(
                received=f"predicted labels of shape {predicted.shape} for {true.shape}",
                expected="the same shape",
                fix="score label images at the size of the annotation",
            )
        columns = self.predicted_classes(predicted).ravel()
        rows = self.true_classes(true).ravel()
        scored = rows < self.num_classes
        cells = rows[scored] * (self.num_classes + 1) + columns[scored]
        counted = np.bincount(cells, minlength=self.counts.size)
        self.counts += counted.reshape(self.counts.shape)

    def true_classes(self, true: NDArray[Any]) -> NDArray[np.int64]:
        """The class of each pixel of an annotation.

        Args:
            true: (...) integer label ids.

        Returns:
            (...) int64: the row of `counts`; `num_classes` for pixels that do not count.

        Raises:
            DatasetError: A pixel holds an id that the labels do not have.
        """
        return self._indices(true, self._row_of_id, "true")

    def predicted_classes(self, predicted: NDArray[Any]) -> NDArray[np.int64]:
        """The class of each predicted pixel.

        Args:
            predicted: (...) integer label ids.

        Returns:
            (...) int64: the column of `counts`; `num_classes` for pixels of no scored class.

        Raises:
            DatasetError: A pixel holds an id that the labels do not have.
        """
        return self._indices(predicted, self._column_of_id, "predicted")

    def merge(self, other: ConfusionMatrix) -> None:
        """Add the counts of another matrix over the same classes."""
        self.counts += other.counts

    def iou(self) -> NDArray[np.float64]:
        """(num_classes,) float64, 0..1: IoU of each class; NaN where it is in neither image."""
        return _iou(self.counts)

    def iou_by_name(self) -> dict[str, float]:
        """IoU of each class by its name, NaN where the class is in neither image."""
        return dict(zip(self.names, self.iou().tolist(), strict=True))

    @property
    def miou(self) -> float:
        """Mean IoU over the classes that occur, 0..1; NaN where none does."""
        return mean_score(self.iou())

    @property
    def pixel_accuracy(self) -> float:
        """Fraction of scored pixels with the right class, 0..1; NaN where there are none."""
        total = int(self.counts.sum())
        return float(np.trace(self.counts)) / total if total else float("nan")

    def category_iou(self) -> dict[str, float]:
        """IoU of each category: confusions within a category count as right."""
        categories = tuple(dict.fromkeys(name for name in self.categories if name))
        if not categories:
            return {}
        member = np.array([[own == name for own in self.categories] for name in categories], int)
        # Classes without a category and pixels without a class stay in the last column.
        inner = member @ self.counts[:, :-1] @ member.T
        rest = (member @ self.counts).sum(axis=1) - inner.sum(axis=1)
        strays = (1 - member.sum(axis=0)) @ self.counts[:, :-1] @ member.T
        scores = _iou(np.column_stack([inner, rest]), strays)
        return dict(zip(categories, scores.tolist(), strict=True))

    @property
    def category_miou(self) -> float:
        """Mean IoU over the categories that occur, 0..1."""
        return mean_score(self.category_iou().values())

    def _indices(
        self, labels: NDArray[Any], table: NDArray[np.int64], what: str
    ) -> NDArray[np.int64]:
        if labels.dtype.kind not in "ui":
            raise DatasetError(
                f"{what} labels of {labels.dtype}", "whole numbers", "give label ids"
            )
        for extreme in (labels.min(), labels.max()) if labels.size else ():
            if not 0 <= extreme < 256:
                raise _out_of_range(what, int(extreme), self.names)
        indices: NDArray[np.int64] = table[labels]
        if indices.size and indices.min() == _UNKNOWN:
            stranger = int(labels.flat[indices.argmin()])
            raise _out_of_range(what, stranger, self.names)
        return indices


def mean_score(scores: Iterable[float]) -> float:
    """Mean of the scores that are not NaN; NaN where all are.

    Added in their order, as the Cityscapes evaluation does it, so that not even the last digit
    differs (NumPy adds in pairs, and Python's `sum` compensates from 3.12 on).
    """
    present = [float(score) for score in scores if not math.isnan(score)]
    total = 0.0
    for score in present:
        total += score
    return total / len(present) if present else float("nan")


def _table(labels: LabelSet, names: tuple[str, ...]) -> NDArray[np.int64]:
    """(256,) int64: the scored class of each pixel value, by name."""
    table = np.full(256, _UNKNOWN, np.int64)
    table[NO_CLASS] = len(names)
    for label in labels.listed:
        table[label.pixel] = names.index(label.name) if label.name in names else len(names)
    return table


def _check_covers(predicted: LabelSet, labels: LabelSet, names: tuple[str, ...]) -> None:
    # Not its other labels: an ignored one of that name is no answer that the model could give.
    known = {label.name for label in predicted.classes}
    for name in names:
        if name not in known:
            raise DatasetError(
                received=f"data labelled with {labels.name}, which scores the class {name!r}",
                expected=f"the labels of {predicted.name}, which the model gives, and no others",
                fix="score a model on a data set with its own classes, or map them by a class map",
            )


def _iou(counts: NDArray[np.int64], strays: NDArray[np.int64] | int = 0) -> NDArray[np.float64]:
    hits = np.diagonal(counts).astype(np.float64)
    union = counts.sum(axis=1) + counts[:, :-1].sum(axis=0) + strays - hits
    scores: NDArray[np.float64] = np.full(len(hits), np.nan)
    np.divide(hits, union, out=scores, where=union > 0)
    return scores


def _out_of_range(what: str, found: int, names: tuple[str, ...]) -> DatasetError:
    return DatasetError(
        received=f"{what} labels with the id {found}",
        expected=f"ids of the {len(names)} classes ({', '.join(names[:4])}, …) or of no class",
        fix="check that the label set is the data's own, and that the file holds ids, not colours",
    )
