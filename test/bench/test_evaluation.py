"""Whole evaluations: a network on its runtime, on data in its own layout."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

from segmentation_node.bench.accuracy import rounded
from segmentation_node.bench.evaluation import Evaluation
from segmentation_node.core.labels import CITYSCAPES_19, CITYSCAPES_35
from segmentation_node.datasets import cityscapes, cityscapes19
from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.media.images import read_image, write_image
from segmentation_node.pipeline import Segmenter
from segmentation_node.pipeline.view import View


def official_scores(root: Path, segmenter: Segmenter, folder: Path, monkeypatch) -> dict:
    """What the benchmark's script says of the answers, written as label ids."""
    official = pytest.importorskip(
        "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling",
        reason="cityscapesscripts is not installed",
    )
    monkeypatch.setattr(np, "in1d", np.isin, raising=False)
    said, true = [], []
    for sample in cityscapes(root, "val").samples:
        answer = segmenter(read_image(sample.image)).labels
        ids = np.array([CITYSCAPES_35.by_name(c.name).id for c in CITYSCAPES_19.classes], np.uint8)
        said.append(str(folder / f"{sample.name}_pred.png"))
        true.append(str(sample.labels))
        write_image(Path(said[-1]), ids[answer])
    arguments = copy.copy(official.args)
    arguments.quiet, arguments.JSONOutput = True, False
    return official.evaluateImgLists(said, true, arguments)


def test_the_whole_way_gives_the_benchmarks_scores(
    cityscapes_root, cityscapes_networks, cityscapes_score, tmp_path, monkeypatch
):
    with Segmenter.load(cityscapes_networks["cityscapes19"], precision="fp32") as segmenter:
        theirs = official_scores(cityscapes_root, segmenter, tmp_path, monkeypatch)
    ours, weighted = cityscapes_score.mapping, cityscapes_score.mapping["instances"]
    for our, their in (
        (ours["per_class"], theirs["classScores"]),
        (ours["per_category"], theirs["categoryScores"]),
        (weighted["per_class"], theirs["classInstScores"]),
        (weighted["per_category"], theirs["categoryInstScores"]),
    ):
        assert our == {name: rounded(their[name]) for name in our}
    assert ours["miou"] == rounded(theirs["averageScoreClasses"])
    assert ours["category_miou"] == rounded(theirs["averageScoreCategories"])
    assert weighted["iiou"] == rounded(theirs["averageScoreInstClasses"])
    assert weighted["category_iiou"] == rounded(theirs["averageScoreInstCategories"])
    assert 0 < ours["miou"] < 0.5


def test_every_part_asked_for_is_in_the_score(cityscapes_score):
    assert {"by_condition", "by_size", "by_distance", "instances"} <= set(cityscapes_score.mapping)
    assert set(cityscapes_score.mapping["by_condition"]) == {"aachen", "bochum"}
    assert next(iter(cityscapes_score.mapping)) == "miou"


def test_a_score_without_parts_has_no_further_tables(cityscapes_root, cityscapes_networks):
    with Segmenter.load(cityscapes_networks["cityscapes_all"], precision="fp32") as segmenter:
        score = Evaluation(cityscapes19(cityscapes_root, "val").spread(1)).score(segmenter)
    assert "by_size" not in score and "confusion" not in score
    assert score["labels"] == "cityscapes_all"


def test_classes_that_the_model_lacks_need_a_map(cityscapes_root, cityscapes_networks):
    wanted = Evaluation(cityscapes(cityscapes_root, "val").spread(1))
    with (
        Segmenter.load(cityscapes_networks["camvid11"], precision="fp32") as segmenter,
        pytest.raises(DatasetError, match=r"cityscapes_all.*'road'.*camvid11"),
    ):
        wanted.score(segmenter)


def test_a_model_is_scored_in_the_classes_that_a_map_makes_of_its_own(
    cityscapes_root, cityscapes_networks
):
    view = View.parse(class_map="cityscapes35_to_19")
    wanted = Evaluation(cityscapes(cityscapes_root, "val").spread(1))
    with Segmenter.load(
        cityscapes_networks["cityscapes_all"], precision="fp32", view=view
    ) as segmenter:
        mapped = wanted.score(segmenter)
    with Segmenter.load(cityscapes_networks["cityscapes_all"], precision="fp32") as segmenter:
        assert wanted.score(segmenter)["per_class"] == mapped["per_class"]
    assert mapped["labels"] == "cityscapes19"


def test_an_unknown_part_is_answered_with_the_known(cityscapes_root):
    with pytest.raises(ConfigError, match=r"'weather'.*condition, size, distance"):
        Evaluation(cityscapes(cityscapes_root, "val"), ("weather",))
