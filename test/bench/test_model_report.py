"""The shipped models: the files, their reports and their cards say the same, and it is true."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="torch is not installed")

from segmentation_node import datasets
from segmentation_node.bench import model_report
from segmentation_node.bench.accuracy import evaluate, file_sha256
from segmentation_node.bench.model_report import FINE, OWN_SCALE, publish, read_record
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import write_image
from segmentation_node.model import MODELS_DIRECTORY, load_model, shipped_models
from segmentation_node.pipeline import Segmenter
from segmentation_node.scenes.drive import render_still
from segmentation_node.training.card import card_text
from segmentation_node.training.stills import CONDITIONS, VALIDATION_SEED

SHIPPED = ("camvid", "rendered")


def report_of(name):
    return json.loads((MODELS_DIRECTORY / f"{name}.json").read_text())


def score_of(name, data, size=OWN_SCALE, precision="fp32"):
    return next(
        score
        for score in report_of(name)["scores"]
        if (score["data"], score["network_size"], score["precision"]) == (data, size, precision)
    )


def test_both_models_are_shipped_with_their_licences():
    assert set(SHIPPED) <= set(shipped_models())
    assert load_model("camvid").licence == "CC-BY-NC-4.0"
    assert "research" in load_model("camvid").notice
    assert load_model("rendered").licence == "Apache-2.0"
    assert load_model("rendered").notice == ""


@pytest.mark.parametrize("name", SHIPPED)
def test_the_scores_are_of_the_file_that_is_shipped(name):
    shipped = file_sha256(MODELS_DIRECTORY / f"{name}.onnx")
    assert {score["model_sha256"] for score in report_of(name)["scores"]} == {shipped}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_is_written_from_the_report_and_by_nobody_else(name):
    assert (MODELS_DIRECTORY / f"{name}.md").read_text() == card_text(report_of(name))


def test_the_default_model_scores_what_it_must():
    assert score_of("camvid", "camvid/val")["miou"] >= 0.72
    scenes = score_of("camvid", "rendered/val", FINE)
    assert scenes["miou"] >= 0.80
    assert set(scenes["by_group"]) == set(CONDITIONS)


def test_scenes_alone_teach_something_of_the_real_world():
    assert score_of("rendered", "camvid/val")["miou"] >= 0.25


def test_the_default_model_knows_scenes_of_other_seeds(tmp_path):
    for index, condition in enumerate(CONDITIONS):
        image, labels = render_still(VALIDATION_SEED + 5000 + index, 720, 1280, condition)
        write_image(tmp_path / "val" / "labels" / f"{condition}_{index}.png", labels)
        picture = tmp_path / "val" / "images" / f"{condition}_{index}.jpg"
        write_image(picture, image)
    with Segmenter.load("camvid", precision="fp32", network_size=FINE) as segmenter:
        score = evaluate(segmenter, datasets.rendered(tmp_path, "val"))
    assert score["miou"] > 0.6


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_tells_the_score_on_camvid_val(name, camvid):
    with Segmenter.load(name, precision="fp32", network_size=OWN_SCALE) as segmenter:
        score = evaluate(segmenter, datasets.camvid(camvid, ["val"]))
    assert score["miou"] == pytest.approx(score_of(name, "camvid/val")["miou"], abs=0.003)


def test_a_folder_without_a_record_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="segmentation train"):
        read_record(tmp_path)


def test_scores_of_another_model_are_not_published(tmp_path, monkeypatch):
    (tmp_path / "record.json").write_text(
        json.dumps({"scores": [{"model_sha256": "f" * 64}], "class_bias": []})
    )
    monkeypatch.setattr(
        model_report, "export_checkpoint", lambda _, path, bias: path.write_bytes(b"another model")
    )
    with pytest.raises(DatasetError, match="scores of ffffffffffff"):
        publish(tmp_path, tmp_path / "model.onnx")
