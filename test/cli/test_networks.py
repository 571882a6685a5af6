"""`summary`, `export` and `train` of networks by name, as they are typed."""

from __future__ import annotations

import json

import pytest
from command import run

from segmentation_node.errors import ConfigError, DatasetError, ModelError
from segmentation_node.model import load_model

pytest.importorskip("torch", reason="torch is not installed")

from segmentation_node.training.networks import NETWORKS
from segmentation_node.training.recipe import RECIPES


def test_summary_prints_layers_sums_and_what_was_published(tmp_path):
    out = tmp_path / "fcn8s.json"
    result = run("summary", "fcn8s", "--json", out)
    assert result.exit_code == 0
    for said in ("encoder.conv11", "transposed 16x16-35/8", "154.27", "8.75", "docs/errata.md"):
        assert said in result.stdout
    written = json.loads(out.read_text())
    assert written["totals"]["all"]["parameters"] == 38419078
    assert [row["printed"] for row in written["published"]] == [154.0, 128.0, 17.5, 8.75]


def test_summary_takes_other_sizes_and_classes():
    assert "x11" in run("summary", "fcn4s_lite0", "--size", "64x64", "--classes", "11").stdout
    with pytest.raises(ConfigError, match="multiples of 32"):
        run("summary", "fcn8s", "--size", "720x1280")


def test_export_of_a_network_says_that_it_is_not_trained(tmp_path):
    path = tmp_path / "small.onnx"
    result = run("export", "fcn4s_lite0", "-o", path, "--labels", "cityscapes19", "--seed", 3)
    assert result.exit_code == 0
    assert result.stdout.split() == [str(path), str(path.with_suffix(".yaml"))]
    assert "not been trained" in result.stderr
    model = load_model(path)
    assert (model.labels.num_classes, model.training["seed"]) == (19, 3)


def test_export_says_what_can_be_exported(tmp_path):
    with pytest.raises(ConfigError, match="fcn_alexnet"):
        run("export", "fcn64s", "-o", tmp_path / "n.onnx")
    with pytest.raises(ConfigError, match="name a network"):
        run("export", tmp_path, "--seed", 1, "--labels", "camvid11", "-o", tmp_path / "n.onnx")


def test_export_refuses_weights_that_are_not_there(tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        run("export", "fcn8s", "--init", tmp_path / "vgg16.pth", "-o", tmp_path / "n.onnx")
    with pytest.raises(DatasetError, match=r"c\.pt"):
        run("export", "fcn8s", "--checkpoint", tmp_path / "c.pt", "-o", tmp_path / "n.onnx")


def test_train_asks_for_data_where_a_recipe_has_none(tmp_path):
    with pytest.raises(ConfigError, match="--data DIR"):
        run("train", "--recipe", "paper_fcn8s", "-o", tmp_path)
    with pytest.raises(DatasetError, match="leftImg8bit"):
        run("train", "--recipe", "paper_fcn8s", "--data", tmp_path, "-o", tmp_path / "run")


@pytest.mark.parametrize(
    ("verb", "names"), [("train", RECIPES), ("summary", NETWORKS), ("export", NETWORKS)]
)
def test_help_names_what_there_is(verb, names):
    words = set(run(verb, "--help").stdout.replace(",", " ").replace(".", " ").split())
    assert set(names) <= words
