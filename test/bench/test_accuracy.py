from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from parrot import Parrot

from segmentation_node.bench.accuracy import evaluate
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_19, CITYSCAPES_35, CITYSCAPES_ALL
from segmentation_node.datasets import Dataset, camvid
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import write_image


@pytest.fixture
def data(tmp_path):
    """Two images, half sky and half road, of two sequences."""
    labels = np.repeat(np.array([0, 3], np.uint8), 8)[:, None].repeat(12, axis=1)
    for name in ("a_1", "b_1"):
        write_image(tmp_path / "val" / "images" / f"{name}.jpg", np.zeros((16, 12, 3), np.uint8))
        write_image(tmp_path / "val" / "labels" / f"{name}.png", labels)
    return camvid(tmp_path, ["val"]), labels


def test_perfect_answers_score_one(data):
    samples, labels = data
    score = evaluate(Parrot([labels, labels]), samples)
    assert score["miou"] == score["pixel_accuracy"] == 1.0
    assert score["by_group"] == {"a": 1.0, "b": 1.0}
    assert score["per_class"]["Car"] is None
    assert next(iter(score)) == "miou"


def test_counts_are_summed_over_images_before_dividing(data):
    samples, labels = data
    score = evaluate(Parrot([labels, np.zeros_like(labels)]), samples)
    # Sky: 192 right of 288 said or true; road: 96 right of 192.
    assert score["per_class"]["Sky"] == pytest.approx(2 / 3, abs=1e-4)
    assert score["per_class"]["Road"] == 0.5
    assert score["miou"] == pytest.approx((2 / 3 + 0.5) / 2, abs=1e-4)
    assert score["by_group"]["b"] == pytest.approx(0.25)


def test_a_score_carries_what_it_depends_on(data):
    samples, labels = data
    segmenter = Parrot([labels, labels])
    score = evaluate(segmenter, samples)
    content = segmenter.model.path.read_bytes()
    assert score["model_sha256"] == hashlib.sha256(content).hexdigest()
    assert score["network_size"] == "384x480"
    assert score["fit"] == "letterbox"
    assert (score["precision"], score["engine"], score["device"]) == ("fp32", "parrot", "Some CPU")
    assert (score["frames"], score["labels"]) == (2, "camvid11")


def test_confidences_are_held_against_how_often_the_answer_is_right(data):
    samples, labels = data
    wrong = np.where(labels == 3, np.uint8(4), labels)
    score = evaluate(Parrot([labels, wrong], confidence=255), samples)
    # Sure of everything, and right in three quarters of it.
    assert score["ece"] == pytest.approx(0.25)
    assert evaluate(Parrot([labels, wrong], confidence=191), samples)["ece"] < 0.01
    assert evaluate(Parrot([labels, wrong]), samples)["ece"] is None


def test_pixels_that_do_not_count_say_nothing_of_confidences(data):
    samples, labels = data
    void = np.full_like(labels, 11)
    void[:4] = 0
    for sample in samples.samples:
        write_image(sample.labels, void)
    assert evaluate(Parrot([labels, labels], confidence=255), samples)["ece"] == 0


def test_progress_is_told(data):
    samples, labels = data
    told = []
    evaluate(Parrot([labels, labels]), samples, lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_a_data_set_with_other_classes_is_refused(data):
    samples, _ = data
    with pytest.raises(DatasetError, match=r"cityscapes19.*labels of camvid11"):
        evaluate(Parrot([]), replace(samples, labels=CITYSCAPES_19))


def test_an_empty_data_set_is_refused():
    with pytest.raises(DatasetError, match="no images"):
        evaluate(Parrot([]), Dataset("nothing", (), CAMVID_11))


def test_categories_are_scored_beside_classes(data):
    samples, labels = data
    answers = np.where(labels == 3, np.uint8(4), labels)  # pavement for road: both are flat
    score = evaluate(Parrot([answers, answers]), samples)
    assert score["per_class"]["Road"] == 0
    assert score["per_category"]["flat"] == score["category_miou"] == 1


@pytest.mark.parametrize(
    ("model", "truth"), [(CITYSCAPES_19, CITYSCAPES_35), (CITYSCAPES_ALL, CITYSCAPES_19)]
)
def test_cityscapes_train_ids_and_label_ids_are_scored_on_each_other(data, model, truth):
    samples, labels = data
    road, sky = (truth.by_name(name).pixel for name in ("road", "sky"))
    for sample in samples.samples:
        write_image(sample.labels, np.where(labels == 3, road, sky).astype(np.uint8))
    said = [model.by_name(name).pixel for name in ("road", "sky")]
    answer = np.where(labels == 3, *said).astype(np.uint8)
    score = evaluate(Parrot([answer, answer], model), replace(samples, labels=truth))
    assert score["miou"] == 1
    assert score["labels"] == model.name


def test_data_of_which_nothing_counts_is_refused(data):
    samples, labels = data
    for sample in samples.samples:
        write_image(sample.labels, np.full_like(labels, 11))
    with pytest.raises(DatasetError, match="every pixel is ignored"):
        evaluate(Parrot([labels, labels]), samples)


class Notes:
    """A tally that writes down what it is told."""

    key = "notes"

    def __init__(self):
        self.answers = []

    def add(self, answer):
        self.answers.append(answer)

    def result(self):
        return [answer.sample.name for answer in self.answers]


def test_tallies_see_every_answer_and_leave_their_result(data):
    samples, labels = data
    score = evaluate(Parrot([labels, labels]), samples, tallies=[Notes()])
    assert score["notes"] == ["a_1", "b_1"]


def test_an_answer_tells_the_classes_of_pixels_and_of_things(data):
    samples, labels = data
    true = labels.copy()
    true[:2], true[10:14, 2:6], true[10:14, 8:10] = 11, 8, 8
    write_image(samples.samples[0].labels, true)
    said = np.full_like(labels, 8)
    notes = Notes()
    evaluate(Parrot([said, labels]), samples, tallies=[notes])
    answer = notes.answers[0]
    assert (answer.true_classes[:2] == 11).all() and answer.true_classes[11, 3] == 8
    # What is said where it does not count is left out.
    assert (answer.said_classes[:2] == 11).all() and (answer.said_classes[2:] == 8).all()
    things, claims = answer.things("Car")
    assert things.area_px.tolist() == [16, 8]
    assert claims.area_px.tolist() == [14 * 12]
    assert int(answer.counts.counts.sum()) == 14 * 12
