from __future__ import annotations

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from segmentation_node.bench.accuracy import evaluate
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_19
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import write_image
from segmentation_node.model import load_model
from segmentation_node.training.datasets import Dataset, camvid


class Parrot:
    """A segmenter that answers with what it is given, in place of a network."""

    def __init__(self, answers):
        self.answers = iter(answers)
        self.model = load_model("camvid")
        self.precision, self.device, self.engine_name = "fp32", "Some CPU", "parrot"
        self.network_size = NetworkSize(384, 480)

    def __call__(self, image, outputs):
        assert not outputs.color
        return SimpleNamespace(labels=next(self.answers))


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
    assert score["frames"] == 2


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
