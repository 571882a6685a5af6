from __future__ import annotations

import json

import pytest

from segmentation_node.bench.comparison import comparison, percent, read_scores
from segmentation_node.errors import DatasetError


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
    ],
)
def test_files_without_scores_are_refused(tmp_path, content: str | None, named: str) -> None:
    path = tmp_path / "scores.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DatasetError, match=rf"scores\.json: {named}"):
        read_scores(path)


def test_a_score_of_an_earlier_release_lacks_categories_and_says_so(tmp_path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({k: v for k, v in score("a", 1.0).items() if k != "per_category"}))
    with pytest.raises(DatasetError, match="a score without 'per_category'"):
        read_scores(path)


def test_percentages_have_one_decimal() -> None:
    assert (percent(0.12345), percent(1), percent(None)) == ("12.3", "100.0", "–")
