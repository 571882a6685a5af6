from __future__ import annotations

import json

import numpy as np
import pytest
from command import run

from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.media.images import write_image


@pytest.fixture
def street(tmp_path):
    labels = np.repeat(np.array([0, 3], np.uint8), 48)[:, None].repeat(128, axis=1)
    grey = np.where(labels[..., None] == 0, np.uint8(200), np.uint8(80)).repeat(3, axis=2)
    write_image(tmp_path / "val" / "images" / "0001TP_1.jpg", grey)
    write_image(tmp_path / "val" / "labels" / "0001TP_1.png", labels)
    return tmp_path


def test_evaluate_prints_the_score_and_writes_it_with_what_it_depends_on(street, tmp_path):
    out = tmp_path / "score.json"
    result = run("evaluate", "--data", street, "--size", "96x128", "--json", out)
    assert result.exit_code == 0
    score = json.loads(out.read_text())
    assert next(iter(score)) == "miou"
    assert score["network_size"] == "96x128"
    assert score["data"] == "camvid/val"
    assert "mIoU" in result.stdout


def test_evaluate_puts_models_beside_one_another(street, tmp_path):
    out = tmp_path / "scores.json"
    options = ("--data", street, "--size", "64x96", "--by", "condition", "--by", "size")
    result = run("evaluate", *options, "--model", "camvid", "--model", "rendered", "--json", out)
    figures = json.loads(out.read_text())
    assert [score["model"] for score in figures["scores"]] == [
        "fcn4s-lite0-camvid",
        "fcn4s-lite0-rendered",
    ]
    assert figures["miou"] == figures["scores"][0]["miou"]
    assert "by_size" in figures["scores"][1]
    for text in ("IoU by class", "IoU by category", "By condition", "Things by size"):
        assert text in result.stdout


def test_earlier_scores_are_compared_without_running_anything(street, tmp_path):
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, size in zip(files, ("64x96", "96x128"), strict=True):
        run("evaluate", "--data", street, "--size", size, "--json", path)
    (street / "val" / "images" / "0001TP_1.jpg").unlink()
    result = run("evaluate", "--compare", files[0], "--compare", files[1])
    assert result.exit_code == 0
    assert "64x96 letterbox" in result.stdout and "96x128 letterbox" in result.stdout


def test_evaluate_scores_some_images_only_and_says_so(street, tmp_path):
    out = tmp_path / "score.json"
    for name in ("0001TP_2", "0016E5_1"):
        for folder, ending in (("images", "jpg"), ("labels", "png")):
            content = (street / "val" / folder / f"0001TP_1.{ending}").read_bytes()
            (street / "val" / folder / f"{name}.{ending}").write_bytes(content)
    run("evaluate", "--data", street, "--size", "64x96", "--limit", "1", "--json", out)
    assert json.loads(out.read_text())["data"] == "camvid/val (1 of 3)"


def test_the_papers_figures_are_not_put_beside_other_classes_and_scores_are_kept(street, tmp_path):
    out = tmp_path / "score.json"
    with pytest.raises(DatasetError, match="published ones are of Cityscapes"):
        run("evaluate", "--data", street, "--size", "64x96", "--published", "--json", out)
    assert out.is_file()


def test_evaluate_asks_for_something_to_score():
    with pytest.raises(ConfigError, match="give --data or --compare"):
        run("evaluate")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--model", "camvid"),
        ("--format", "folder"),
        ("--split", "train"),
        ("--engine", "openvino"),
        ("--precision", "fp32"),
        ("--size", "64x96"),
        ("--class-map", "camvid11_to_drivable"),
        ("--limit", "3"),
        ("--by", "size"),
        ("--pictures", "pictures"),
    ],
)
def test_what_is_only_for_scoring_is_refused_without_data(option, value, tmp_path):
    with pytest.raises(ConfigError, match=f"{option} without --data"):
        run("evaluate", "--compare", tmp_path / "score.json", option, value)


def test_a_horizon_is_refused_where_nothing_is_scored_by_distance(street):
    with pytest.raises(ConfigError, match=r"--horizon 0\.4 without --by distance"):
        run("evaluate", "--data", street, "--by", "size", "--horizon", "0.4")


def test_evaluate_says_what_it_looked_for(tmp_path):
    with pytest.raises(DatasetError, match="no folder images/"):
        run("evaluate", "--data", tmp_path, "--format", "rendered")


def test_train_asks_for_camvid_where_it_needs_it(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(ConfigError, match="give --camvid DIR"):
        run("train", "--recipe", "camvid", "-o", tmp_path)


def test_export_asks_for_a_run_that_has_ended(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(DatasetError, match="segmentation train"):
        run("export", tmp_path, "-o", tmp_path / "model.onnx")
