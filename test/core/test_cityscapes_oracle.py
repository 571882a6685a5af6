"""Scores agree to the last digit with the evaluation that Cityscapes itself publishes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from small_cityscapes import write_cityscapes

from segmentation_node.core.compressed import decode_pixels
from segmentation_node.core.instance_metrics import InstanceIou
from segmentation_node.core.labels import CITYSCAPES_19, CITYSCAPES_35, CITYSCAPES_ALL, LabelSet
from segmentation_node.core.metrics import ConfusionMatrix, mean_score

official = pytest.importorskip(
    "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling",
    reason="cityscapesscripts is not installed",
)

SCORED = [label.id for label in CITYSCAPES_35.classes]
EVERY = list(range(34))


def pixels(path: Path) -> np.ndarray:
    return decode_pixels(path.read_bytes())


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Label images of rendered scenes, with parts of every label that Cityscapes has."""
    root = write_cityscapes(tmp_path_factory.mktemp("cityscapes"))
    paths = sorted((root / "gtFine" / "val").rglob("*_gtFine_labelIds.png"))
    for number, path in enumerate(paths):
        labels, instances_path = pixels(path), instances_of(path)
        instances = pixels(instances_path)
        # Some labels are in no image, as trains are in few of the real ones; one is ignored only.
        for label_id in [n for n in EVERY if n % 3 == number and n != 31]:
            part = np.s_[2 * label_id : 2 * label_id + 9, 5 * label_id : 5 * label_id + 11]
            labels[part], instances[part] = label_id, label_id
            if label_id >= 24:
                instances[part] = label_id * 1000 + 7
        cv2.imwrite(str(path), labels)
        cv2.imwrite(str(instances_path), instances)
    return paths


def instances_of(path: Path) -> Path:
    return path.with_name(path.name.replace("labelIds", "instanceIds"))


def predictions(truth: list[Path], folder: Path, ids: list[int], wrong: float) -> list[Path]:
    """The truth with a share of blocks of it, and of its pixels, given other ids."""
    rng = np.random.default_rng(len(ids))
    paths = []
    for true in truth:
        labels = pixels(true)
        labels[~np.isin(labels, ids)] = ids[0]
        shape = (labels.shape[0] // 4, labels.shape[1] // 4)
        blocks = rng.choice(np.array(ids, np.uint8), shape).repeat(4, axis=0).repeat(4, axis=1)
        chosen = (rng.random(shape) < wrong).repeat(4, axis=0).repeat(4, axis=1)
        labels = np.where(chosen, blocks, labels)
        speckled = rng.random(labels.shape) < wrong / 3
        labels[speckled] = rng.choice(np.array(ids, np.uint8), int(speckled.sum()))
        paths.append(folder / true.name.replace("gtFine_labelIds", "pred"))
        cv2.imwrite(str(paths[-1]), labels)
    return paths


def official_scores(
    predicted: list[Path], truth: list[Path], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    # The script calls what NumPy 2.4 has no more; isin is what it was renamed to.
    monkeypatch.setattr(np, "in1d", np.isin, raising=False)
    arguments = copy.copy(official.args)
    arguments.quiet, arguments.JSONOutput = True, False
    arguments.evalInstLevelScore = True
    return official.evaluateImgLists(
        [str(p) for p in predicted], [str(t) for t in truth], arguments
    )


def same(ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Equal in every bit; a class that is not scored is NaN there and missing here."""
    scored = {name: score for name, score in theirs.items() if not np.isnan(score)}
    assert {name: score for name, score in ours.items() if not np.isnan(score)} == scored
    assert set(ours) <= set(theirs)


@pytest.mark.parametrize("wrong", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("ids", [SCORED, EVERY], ids=["19 classes", "34 labels"])
def test_iou_and_instance_iou_are_those_of_the_benchmark(
    truth: list[Path],
    tmp_path: Path,
    ids: list[int],
    wrong: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predicted = predictions(truth, tmp_path, ids, wrong)
    theirs = official_scores(predicted, truth, monkeypatch)
    matrix = ConfusionMatrix.for_labels(CITYSCAPES_ALL)
    weighted = InstanceIou(CITYSCAPES_ALL)
    for prediction, true in zip(map(pixels, predicted), truth, strict=True):
        matrix.update(prediction, pixels(true))
        weighted.update(prediction, pixels(instances_of(true)))
    same(matrix.iou_by_name(), theirs["classScores"])
    same(matrix.category_iou(), theirs["categoryScores"])
    same(weighted.iou_by_name(), theirs["classInstScores"])
    same(weighted.category_iou(), theirs["categoryInstScores"])
    assert matrix.miou == theirs["averageScoreClasses"]
    assert matrix.category_miou == theirs["averageScoreCategories"]
    assert mean_score(weighted.iou_by_name().values()) == theirs["averageScoreInstClasses"]
    assert mean_score(weighted.category_iou().values()) == theirs["averageScoreInstCategories"]


def test_the_counts_are_the_benchmarks_own(
    truth: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted = predictions(truth, tmp_path, SCORED, 0.3)
    theirs = np.array(official_scores(predicted, truth, monkeypatch)["confMatrix"])
    matrix = ConfusionMatrix.for_labels(CITYSCAPES_35)
    for prediction, true in zip(predicted, truth, strict=True):
        matrix.update(pixels(prediction), pixels(true))
    assert (matrix.counts[:, :-1] == theirs[np.ix_(SCORED, SCORED)]).all()


@pytest.mark.parametrize("data", [CITYSCAPES_35, CITYSCAPES_ALL], ids=lambda labels: labels.name)
def test_a_model_of_19_train_ids_scores_as_its_label_ids_do(
    truth: list[Path], tmp_path: Path, data: LabelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted = predictions(truth, tmp_path, SCORED, 0.3)
    theirs = official_scores(predicted, truth, monkeypatch)
    matrix = ConfusionMatrix.for_labels(data, predicted=CITYSCAPES_19)
    for prediction, true in zip(predicted, truth, strict=True):
        matrix.update(CITYSCAPES_35.channel_of_id[pixels(prediction)], pixels(true))
    same(matrix.iou_by_name(), theirs["classScores"])
    assert matrix.miou == theirs["averageScoreClasses"]
