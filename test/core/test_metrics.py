from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.compressed import decode_pixels
from segmentation_node.core.labels import (
    CAMVID_11,
    CITYSCAPES_19,
    CITYSCAPES_35,
    CITYSCAPES_ALL,
    LABEL_SETS,
    Label,
    LabelSet,
)
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.errors import ConfigError, DatasetError


def image(*rows: list[int]) -> NDArray[np.uint8]:
    return np.array(rows, np.uint8)


def test_iou_is_hits_over_the_union() -> None:
    matrix = ConfusionMatrix(3, ignore_id=9)
    matrix.update(image([0, 0, 1, 1, 1]), image([0, 1, 1, 1, 0]))
    assert matrix.iou()[:2].tolist() == [1 / 3, 2 / 4]
    assert math.isnan(matrix.iou()[2])
    assert matrix.miou == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert matrix.pixel_accuracy == 3 / 5


@given(st.integers(0, 99), st.integers(2, 8))
def test_iou_is_that_of_sets_of_pixels(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes + 1, (13, 17))
    predicted = rng.integers(0, classes + 1, (13, 17))
    matrix = ConfusionMatrix(classes, ignore_id=classes)
    matrix.update(predicted, true)
    scored = true != classes
    for index, iou in enumerate(matrix.iou()):
        a, b = (true == index) & scored, (predicted == index) & scored
        union = (a | b).sum()
        assert iou == pytest.approx((a & b).sum() / union) if union else math.isnan(iou)


def test_ignored_truth_does_not_count_at_all() -> None:
    matrix = ConfusionMatrix.for_labels(CAMVID_11)
    matrix.update(image([3, 3, 3]), image([3, 11, 11]))
    assert matrix.iou()[3] == 1
    assert matrix.counts.sum() == 1


def test_pixels_without_a_predicted_class_are_misses_of_the_true_one() -> None:
    matrix = ConfusionMatrix.for_labels(CAMVID_11)
    matrix.update(image([3, 11, 255]), image([3, 3, 3]))
    assert matrix.iou()[3] == pytest.approx(1 / 3)
    assert matrix.pixel_accuracy == pytest.approx(1 / 3)
    assert math.isnan(matrix.iou()[8])


def test_a_class_that_never_occurs_but_is_predicted_scores_zero() -> None:
    matrix = ConfusionMatrix.for_labels(CAMVID_11)
    matrix.update(image([3, 8]), image([3, 3]))
    assert matrix.iou_by_name()["Car"] == 0
    assert matrix.miou == pytest.approx((1 / 2 + 0) / 2)


def test_no_pixels_give_no_score() -> None:
    matrix = ConfusionMatrix.for_labels(CAMVID_11)
    matrix.update(image([11]), image([11]))
    assert math.isnan(matrix.miou)
    assert math.isnan(matrix.pixel_accuracy)
    assert math.isnan(matrix.category_miou)


def test_images_add_up_before_they_are_divided() -> None:
    parts = [ConfusionMatrix(2) for _ in range(3)]
    rng = np.random.default_rng(0)
    pairs = [(rng.integers(0, 2, (5, 5)), rng.integers(0, 2, (5, 5))) for _ in range(2)]
    for part, pair in zip(parts, pairs, strict=False):
        part.update(*pair)
        parts[2].update(*pair)
    parts[0].merge(parts[1])
    assert (parts[0].counts == parts[2].counts).all()
    assert parts[0].counts.dtype == np.int64


def test_cityscapes_ids_and_train_ids_give_the_same_scores() -> None:
    rng = np.random.default_rng(4)
    true, predicted = rng.integers(0, 34, (2, 40, 50)).astype(np.uint8)
    true[:3] = 255  # licence plates
    by_id = ConfusionMatrix.for_labels(CITYSCAPES_35)
    by_id.update(predicted, true)
    by_train_id = ConfusionMatrix.for_labels(CITYSCAPES_19)
    to_train_id = CITYSCAPES_35.channel_of_id
    by_train_id.update(to_train_id[predicted], to_train_id[true])
    assert (by_id.counts == by_train_id.counts).all()
    assert by_id.names == by_train_id.names
    assert by_id.category_iou() == by_train_id.category_iou()


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (CITYSCAPES_19, CITYSCAPES_35),
        (CITYSCAPES_35, CITYSCAPES_19),
        (CITYSCAPES_ALL, CITYSCAPES_19),
        (CITYSCAPES_19, CITYSCAPES_ALL),
    ],
    ids=lambda labels: labels.name,
)
def test_a_model_may_have_other_ids_than_the_data_for_the_same_classes(
    model: LabelSet, data: LabelSet
) -> None:
    names = [label.name for label in CITYSCAPES_19.classes]
    matrix = ConfusionMatrix.for_labels(data, predicted=model)
    said, true = (
        np.array([labels.by_name(name).pixel for name in names], np.uint8)
        for labels in (model, data)
    )
    matrix.update(said, true)
    assert (matrix.iou() == 1).all()
    matrix.update(np.roll(said, 1), true)
    assert (matrix.iou() == 1 / 3).all()


def test_labels_that_only_the_model_has_stand_for_no_class() -> None:
    matrix = ConfusionMatrix.for_labels(CITYSCAPES_19, predicted=CITYSCAPES_ALL)
    road, parking = (CITYSCAPES_ALL.by_name(name).pixel for name in ("road", "parking"))
    matrix.update(image([road, parking]), image([0, 0]))
    assert matrix.iou()[0] == 0.5
    assert matrix.counts[0, -1] == 1


def test_a_model_without_a_class_of_the_data_is_refused_by_its_name() -> None:
    with pytest.raises(
        DatasetError, match=r"cityscapes35, which scores the class 'road'.*camvid11"
    ):
        ConfusionMatrix.for_labels(CITYSCAPES_35, predicted=CAMVID_11)


def test_a_class_that_the_model_only_ignores_is_one_that_it_does_not_have() -> None:
    road, void = Label(0, "road", (9, 9, 9)), Label(1, "void", (0, 0, 0))
    model = LabelSet("network", (road, replace(void, ignored=True)))
    with pytest.raises(DatasetError, match=r"site, which scores the class 'void'.*network"):
        ConfusionMatrix.for_labels(LabelSet("site", (road, void)), predicted=model)


def test_an_empty_matrix_is_over_the_same_classes() -> None:
    matrix = ConfusionMatrix.for_labels(CITYSCAPES_35, predicted=CITYSCAPES_19)
    matrix.update(image([0]), image([7]))
    other = matrix.empty()
    other.update(image([0, 1]), image([7, 7]))
    assert (int(matrix.counts.sum()), int(other.counts.sum())) == (1, 2)
    assert other.names == matrix.names


def test_the_classes_of_pixels_are_rows_and_columns_of_the_counts() -> None:
    matrix = ConfusionMatrix.for_labels(CITYSCAPES_35, predicted=CITYSCAPES_19)
    assert matrix.true_classes(image([7, 0, 23])).tolist() == [[0, 19, 10]]
    assert matrix.predicted_classes(image([0, 255, 10])).tolist() == [[0, 19, 10]]


def test_confusions_within_a_category_count_as_right() -> None:
    matrix = ConfusionMatrix.for_labels(CITYSCAPES_35)
    car, truck, road = (CITYSCAPES_35.by_name(name).id for name in ("car", "truck", "road"))
    matrix.update(image([truck, car, road, 0]), image([car, car, car, car]))
    scores = matrix.category_iou()
    assert scores["vehicle"] == pytest.approx(2 / 4)
    assert scores["flat"] == 0
    assert math.isnan(scores["sky"])
    assert matrix.category_miou == pytest.approx(0.25)


@given(st.integers(0, 99))
def test_category_iou_is_the_iou_of_the_categories_own_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(0, 19, (2, 20, 20))
    matrix = ConfusionMatrix.for_labels(CITYSCAPES_19)
    matrix.update(predicted, true)
    names = np.array([label.category for label in CITYSCAPES_19.classes])
    for name, score in matrix.category_iou().items():
        a, b = names[true] == name, names[predicted] == name
        assert score == pytest.approx((a & b).sum() / (a | b).sum())


def test_classes_without_a_category_still_spoil_the_others() -> None:
    labels = LabelSet("x", (Label(0, "a", (0, 0, 0), "left"), Label(1, "b", (0, 0, 0))))
    matrix = ConfusionMatrix.for_labels(labels)
    matrix.update(image([0, 0, 1]), image([0, 1, 0]))
    assert matrix.category_iou() == {"left": pytest.approx(1 / 3)}
    assert ConfusionMatrix(2).category_iou() == {}


def test_classes_that_have_a_channel_but_are_ignored_are_not_scored() -> None:
    labels = LabelSet(
        "x",
        (
            Label(0, "a", (0, 0, 0), train_id=0),
            Label(1, "void", (0, 0, 0), ignored=True, train_id=1),
        ),
    )
    matrix = ConfusionMatrix.for_labels(labels)
    matrix.update(image([0, 1, 0]), image([0, 0, 1]))
    assert matrix.names == ("a",)
    assert matrix.iou().tolist() == [0.5]


@pytest.mark.parametrize("labels", LABEL_SETS.values(), ids=list(LABEL_SETS))
def test_a_perfect_prediction_scores_one_in_every_set(labels: LabelSet) -> None:
    matrix = ConfusionMatrix.for_labels(labels)
    every = np.array([label.pixel for label in labels.labels], np.uint8)
    matrix.update(every, every)
    assert matrix.miou == matrix.pixel_accuracy == matrix.category_miou == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_ids_that_no_class_has_are_named(dtype: type) -> None:
    good, bad = np.zeros((2, 2), dtype), np.array([[0, 0], [77, 0]], dtype)
    matrix = ConfusionMatrix.for_labels(CAMVID_11)
    for what, pair in (("true", (good, bad)), ("predicted", (bad, good))):
        with pytest.raises(DatasetError, match=f"{what} labels with the id 77"):
            matrix.update(*pair)
    assert not matrix.counts.any()


@pytest.mark.parametrize("stranger", [-2, 256, 100000])
def test_ids_beyond_eight_bits_are_refused(stranger: int) -> None:
    labels = np.array([[0, stranger]])
    with pytest.raises(DatasetError, match=str(stranger)):
        ConfusionMatrix(3).update(labels, labels)


def test_labels_that_are_no_ids_are_refused() -> None:
    matrix = ConfusionMatrix(3)
    with pytest.raises(DatasetError, match="same shape"):
        matrix.update(image([0, 1]), image([0], [1]))
    with pytest.raises(DatasetError, match="float"):
        matrix.update(np.zeros((2, 2)), np.zeros((2, 2)))


@pytest.mark.parametrize(("classes", "ignore_id"), [(0, 255), (256, 255), (5, 3), (5, 0)])
def test_classes_and_ignored_id_must_be_apart(classes: int, ignore_id: int) -> None:
    with pytest.raises(ConfigError, match="ignore_id"):
        ConfusionMatrix(classes, ignore_id)


def test_real_annotations_hold_only_ids_of_their_set(camvid: Path) -> None:
    matrix = ConfusionMatrix.for_labels(CAMVID_11)
    for path in sorted((camvid / "val" / "labels").glob("*.png"))[::10]:
        annotation = decode_pixels(path.read_bytes())
        matrix.update(annotation, annotation)
    assert matrix.miou == 1
    assert 0.9 < matrix.counts.sum() / (360 * 480 * 11) <= 1


def test_no_class_of_a_model_that_has_no_label_for_it_is_a_miss() -> None:
    labels = LabelSet("mask", (Label(0, "other", (0, 0, 0)), Label(255, "road", (9, 9, 9))))
    matrix = ConfusionMatrix.for_labels(labels)
    matrix.update(np.array([0, 255, labels.ignore_id]), np.array([0, 255, 255]))
    assert matrix.counts.tolist() == [[1, 0, 0], [0, 1, 1]]
