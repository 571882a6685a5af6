"""Instance-weighted IoU of Cityscapes: every road user counts alike, however large it appears.

iIoU = iTP / (iTP + FP + iFN), where each pixel of an instance counts as the average size of its
class's instances over the size of its own. False positives belong to no instance and count as they
are. Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", 2016, section
4.1; figures and order of additions as in the data set's own evaluation scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import LabelSet
from segmentation_node.core.metrics import ConfusionMatrix

AVERAGE_PIXELS: Mapping[str, float] = MappingProxyType(
    {
        "person": 3462.4756337644,
        "rider": 3930.4788056518,
        "car": 12794.0202738185,
        "truck": 27855.1264367816,
        "bus": 35732.1511111111,
        "caravan": 36771.8241758242,
        "trailer": 16926.9763313609,
        "train": 67583.7075812274,
        "motorcycle": 6298.7200839748,
        "bicycle": 4672.3249222261,
    }
)
"""Pixels of the average instance of each Cityscapes class that has instances."""

_PER_LABEL = 1000
_NONE = -1


class InstanceIou:
    """Weighted hits and misses of instances, over any number of images.

    Args:
        labels: The labels of instance images, with Cityscapes' names and ids.
        predicted: What predicted pixels mean; `labels` where None.
    """

    def __init__(self, labels: LabelSet, predicted: LabelSet | None = None) -> None:
        self._labels = {label.id: label for label in labels.labels}
        self._matrix = ConfusionMatrix.for_labels(labels, predicted)
        self._classes = {name: _Weighted() for name in self._matrix.names if name in AVERAGE_PIXELS}
        self._categories = {name: _Weighted() for name in _instance_categories(labels)}
        categories = tuple(self._categories)
        self._label_of, self._category_of = _tables(labels, predicted or labels, categories)
        self._category_of_id = _tables(labels, labels, categories)[1]

    def update(self, predicted: NDArray[np.uint8], instances: NDArray[np.uint16]) -> None:
        """Count the instances of one image.

        Args:
            predicted: (H, W) uint8 label ids.
            instances: (H, W) uint16 instance ids: label id times 1000 plus a number; ids below
                1000 are label ids, of pixels that belong to no single instance.

        Raises:
            DatasetError: The shapes differ, or a pixel has no label.
        """
        true = np.where(instances < _PER_LABEL, instances, instances // _PER_LABEL)
        self._matrix.update(predicted, true)
        self._count_false(predicted, self._matrix.true_classes(true))
        single = instances > _PER_LABEL
        self._count_instances(predicted[single], instances[single].astype(np.int64))

    def iou_by_name(self) -> dict[str, float]:
        """The iIoU of each class that has instances; NaN where neither image has it."""
        counts, names = self._matrix.counts, self._matrix.names
        false = counts[:, :-1].sum(axis=0) - np.diagonal(counts)
        return {
            name: weighted.iou(int(false[names.index(name)]))
            for name, weighted in self._classes.items()
        }

    def category_iou(self) -> dict[str, float]:
        """The iIoU of each category of which all classes have instances."""
        return {name: weighted.iou() for name, weighted in self._categories.items()}

    def _count_instances(self, said: NDArray[np.uint8], instances: NDArray[np.int64]) -> None:
        """Count hits and misses of each instance, in the order of their ids.

        Args:
            said: (n,) uint8: predicted label ids of the pixels that belong to an instance.
            instances: (n,) int64: their instance ids.
        """
        ids = instances // _PER_LABEL
        sizes = np.bincount(instances)
        found = np.bincount(instances[self._label_of[said] == ids], minlength=len(sizes))
        own = self._category_of_id[ids]
        inside = np.bincount(instances[self._category_of[said] == own], minlength=len(sizes))
        for instance in np.flatnonzero(sizes):
            label = self._labels[int(instance) // _PER_LABEL]
            if label.name in self._classes:
                size, average = int(sizes[instance]), AVERAGE_PIXELS[label.name]
                self._classes[label.name].add(int(found[instance]), size, average)
                if label.category in self._categories:
                    self._categories[label.category].add(int(inside[instance]), size, average)

    def _count_false(self, predicted: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        """Count pixels that are said to be of a category and are of a scored class outside it.

        The data set's script takes them from labels that are not scored as well, as `caravan`.
        """
        for number, (name, weighted) in enumerate(self._categories.items()):
            outside = np.array([*(own != name for own in self._matrix.categories), False])
            said = self._category_of[predicted] == number
            weighted.false += int(np.count_nonzero(said & outside[rows]))


class _Weighted:
    """Pixels of one class or category: hits and misses by weight, false ones as they are."""

    def __init__(self) -> None:
        self.hits = self.misses = 0.0
        self.false = 0

    def add(self, hits: int, size: int, average: float) -> None:
        """Count an instance.

        Args:
            hits: Its pixels that were found.
            size: All its pixels.
            average: Pixels of the average instance of its class.
        """
        weight = average / size
        self.hits += float(hits) * weight
        self.misses += float(size - hits) * weight

    def iou(self, false: int | None = None) -> float:
        """The iIoU; `false` are pixels that are falsely said to be of the class."""
        union = self.hits + (self.false if false is None else false) + self.misses
        return self.hits / union if union else float("nan")


def _instance_categories(labels: LabelSet) -> tuple[str, ...]:
    """Categories of which every label has instances, those that are not scored too."""
    members: dict[str, bool] = {}
    for label in labels.labels:
        if label.id >= 0:
            has = label.name in AVERAGE_PIXELS
            members[label.category] = members.get(label.category, True) and has
    return tuple(name for name, complete in members.items() if complete)


def _tables(
    labels: LabelSet, predicted: LabelSet, categories: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(256,) int64 each: label id and number of the category of each predicted pixel value."""
    label_of = np.full(256, _NONE, np.int64)
    category_of = np.full(256, _NONE, np.int64)
    # The data set's own script knows no pixels of negative ids.
    known = {label.name: label for label in labels.labels if label.id >= 0}
    for label in predicted.labels:
        if label.name in known:
            meant = known[label.name]
            label_of[label.pixel] = meant.id
            if meant.category in categories:
                category_of[label.pixel] = categories.index(meant.category)
    return label_of, category_of
