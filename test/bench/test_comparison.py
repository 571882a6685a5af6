from __future__ import annotations

import json

import pytest

from segmentation_node.bench.comparison import comparison, percent, read_scores
from segmentation_node.bench.published import SCORES
from segmentation_node.core.labels import CITYSCAPES_35
from segmentation_node.errors import DatasetError
from segmentation_node.model import MODELS_DIRECTORY, shipped_models


def score(name: str, road: float | None, precision: str = "fp32") -> dict:
    return {
        "model": name,
        "data": "cityscapes/val",
        "network_size": "256x512",
        "fit": "stretch",
        "precision": precision,
        "miou": 0.5,
        "per_class": {"road": road, "sky": 0.4, "train": None},
        "category_miou": 0.7,
        "per_category": {"flat": road, "sky": 0.4},
    }


PUBLISHED = {
    "FCN-8s": {
        "miou": 0.428,
        "per_class": {"road": 0.94, "sky": 0.87, "train": 0.177},
        "category_miou": 0.696,
        "per_category": {"flat": 0.935, "sky": 0.87},
    }
}


def test_models_are_columns_and_classes_rows() -> None:
    by_class, by_category = comparison([score("one", 0.6), score("two", None, "bf16")])
    assert by_class.head == (
        "class",
        "one\ncityscapes/val\n256x512 stretch\nfp32",
        "two\ncityscapes/val\n256x512 stretch\nbf16",
    )
    # Train occurs in neither, and has no row.
    assert by_class.rows == (
        ("road", "60.0", "–"),
        ("sky", "40.0", "40.0"),
        ("mean", "50.0", "50.0"),
    )
    assert by_category.rows[0] == ("flat", "60.0", "–")
    assert by_category.rows[-1] == ("mean", "70.0", "70.0")


def test_models_that_nothing_tells_apart_are_numbered() -> None:
    by_class, _ = comparison([score("one", 0.6), score("two", 0.5), score("one", 0.7)])
    assert [head.split("\n")[-1] for head in by_class.head[1:]] == ["(1)", "fp32", "(2)"]


def test_the_papers_figures_fit_scores_on_cityscapes() -> None:
    names = [label.name for label in CITYSCAPES_35.classes]
    categories = dict.fromkeys(CITYSCAPES_35.categories, 0.5)
    ours = {**score("one", 0.6), "per_class": dict.fromkeys(names, 0.5)}
    by_class, by_category = comparison([{**ours, "per_category": categories}], SCORES)
    assert by_class.head[2:] == tuple(f"{name}\npublished" for name in SCORES)
    assert by_class.rows[0] == ("road", "50.0", "94.0", "94.2", "91.8")
    assert by_category.rows[-1] == ("mean", "70.0", "69.6", "70.9", "53.3")


def test_published_figures_are_columns_that_say_so() -> None:
    by_class, by_category = comparison([score("one", 0.6)], PUBLISHED)
    assert by_class.head[-1] == "FCN-8s\npublished"
    assert by_class.rows[0] == ("road", "60.0", "94.0")
    assert ("train", "–", "17.7") in by_class.rows
    assert by_category.rows[-1] == ("mean", "70.0", "69.6")


def test_classes_without_categories_have_one_table() -> None:
    bare = {**score("one", 0.6), "per_category": {}, "category_miou": None}
    assert len(comparison([bare])) == 1


def test_scores_of_other_classes_are_not_put_beside() -> None:
    other = {**score("two", 0.6), "per_class": {"Road": 0.5}}
    with pytest.raises(DatasetError, match=r"two.*other classes \(Road, …\).*one cityscapes/val"):
        comparison([score("one", 0.6), other])
    with pytest.raises(DatasetError, match=r"FCN-8s published on other classes"):
        comparison([other], PUBLISHED)


@pytest.mark.parametrize("several", [False, True])
def test_what_evaluate_wrote_reads_back(tmp_path, several: bool) -> None:
    scores = [score("one", 0.6), score("two", 0.7)]
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"miou": 0.5, "scores": scores} if several else scores[0]))
    assert read_scores(path) == (scores if several else scores[:1])


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "No such file"),
        ("no json", "no scores"),
        ("[1]", "no scores"),
        ('{"scores": 3}', "no scores"),
        ("{}", "a score without 'model'"),
        ('{"miou": 0.5, "model": "a"}', "a score without 'data'"),
        (json.dumps({**score("a", 1.0), "per_class": 3}), "no scores"),
    ],
)
def test_files_without_scores_are_refused(tmp_path, content: str | None, named: str) -> None:
    path = tmp_path / "scores.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DatasetError, match=rf"scores\.json: {named}"):
        read_scores(path)


@pytest.mark.parametrize("name", shipped_models())
def test_the_reports_of_shipped_models_can_be_compared(name: str) -> None:
    scores = read_scores(MODELS_DIRECTORY / f"{name}.json")
    by_class = comparison(scores)[0]
    assert by_class.rows[0][0] == "Sky"
    assert len(by_class.head) == len(scores) + 1


def test_percentages_have_one_decimal() -> None:
    assert (percent(0.12345), percent(1), percent(None)) == ("12.3", "100.0", "–")
