"""The instance-weighted IoU of Cityscapes, where the data set has instance images."""

from __future__ import annotations

from typing import Any

from segmentation_node.bench.accuracy import Answer, rounded
from segmentation_node.core.instance_metrics import InstanceIou
from segmentation_node.core.labels import LabelSet
from segmentation_node.core.metrics import mean_score
from segmentation_node.datasets import Dataset


class Instances:
    """Weighs the instances of each image.

    Args:
        labels: Of the data set.
        predicted: Of the model.
    """

    key = "instances"

    def __init__(self, labels: LabelSet, predicted: LabelSet) -> None:
        self._iou = InstanceIou(labels, predicted)

    def add(self, answer: Answer) -> None:
        """Take in one answer."""
        self._iou.update(answer.predicted, answer.sample.read_instances())

    def result(self) -> dict[str, Any]:
        """The mean iIoU of classes and of categories, and each one's."""
        classes, categories = self._iou.iou_by_name(), self._iou.category_iou()
        return {
            "iiou": rounded(mean_score(classes.values())),
            "per_class": {name: rounded(score) for name, score in classes.items()},
            "category_iiou": rounded(mean_score(categories.values())),
            "per_category": {name: rounded(score) for name, score in categories.items()},
        }


def has_instances(data: Dataset) -> bool:
    """Whether every image of a data set has an instance image."""
    return all(sample.instances is not None for sample in data.samples)
