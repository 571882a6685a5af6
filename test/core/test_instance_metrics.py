from __future__ import annotations

import math

import numpy as np
import pytest

from segmentation_node.core.instance_metrics import AVERAGE_PIXELS, InstanceIou
from segmentation_node.core.labels import CITYSCAPES_19, CITYSCAPES_35
from segmentation_node.errors import DatasetError

CAR, ROAD, TRUCK, CARAVAN = (
    CITYSCAPES_35.by_name(name).id for name in ("car", "road", "truck", "caravan")
)


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Ids and instances: road with a car of 40 pixels and one of 4."""
    labels = np.full((10, 20), ROAD, np.uint8)
    instances = labels.astype(np.uint16)
    for number, part in enumerate((np.s_[0:4, 0:10], np.s_[6:8, 4:6])):
        labels[part] = CAR
        instances[part] = CAR * 1000 + number
    return labels, instances


def scores(predicted: np.ndarray, of: object = CITYSCAPES_35) -> tuple[dict, dict]:
    weighted = InstanceIou(CITYSCAPES_35, of)
    weighted.update(predicted, scene()[1])
    return weighted.iou_by_name(), weighted.category_iou()


def test_a_small_car_counts_as_much_as_a_large_one() -> None:
    predicted, _ = scene()
    predicted[6:8, 4:6] = ROAD  # 4 of 44 pixels, but one of two cars
    by_class, by_category = scores(predicted)
    assert by_class["car"] == pytest.approx(0.5)
    assert by_category["vehicle"] == pytest.approx(0.5)


def test_false_positives_count_as_they_are() -> None:
    predicted, _ = scene()
    predicted[9, 0:10] = CAR
    weight = 2 * AVERAGE_PIXELS["car"]
    assert scores(predicted)[0]["car"] == pytest.approx(weight / (weight + 10))


def test_confusions_within_a_category_count_as_right_those_with_ignored_classes_too() -> None:
    predicted, _ = scene()
    predicted[0:4, 0:10] = TRUCK
    predicted[6:8, 4:6] = CARAVAN
    by_class, by_category = scores(predicted)
    assert by_class["car"] == 0
    assert by_category["vehicle"] == 1


def test_train_ids_are_scored_as_the_label_ids_they_stand_for() -> None:
    predicted, _ = scene()
    predicted[6:8, 4:6] = ROAD
    as_train_ids = CITYSCAPES_35.channel_of_id[predicted]
    for by_id, by_train_id in zip(
        scores(predicted), scores(as_train_ids, CITYSCAPES_19), strict=True
    ):
        assert by_train_id == pytest.approx(by_id, nan_ok=True)


def test_only_classes_with_instances_have_a_score() -> None:
    by_class, by_category = scores(scene()[0])
    assert "road" not in by_class and "caravan" not in by_class
    assert len(by_class) == 8
    assert math.isnan(by_class["person"])
    assert set(by_category) == {"human", "vehicle"}


def test_images_that_do_not_belong_together_are_refused() -> None:
    weighted = InstanceIou(CITYSCAPES_35)
    with pytest.raises(DatasetError, match="same shape"):
        weighted.update(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint16))
    with pytest.raises(DatasetError, match="the id 40"):
        weighted.update(np.zeros((2, 2), np.uint8), np.full((2, 2), 40_001, np.uint16))
