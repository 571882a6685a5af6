"""Scores of several models side by side, by class and by category (the paper's tables 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation_node.errors import DatasetError
from segmentation_node.fields import parse_json

Score = Mapping[str, Any]

# The reports of the shipped models are older than the scores by category.
_WITHOUT_CATEGORIES: Score = {"category_miou": None, "per_category": {}}


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Args:
        title: What it shows.
        head: Heads of its columns; a head may have several lines.
        rows: As many texts each as there are columns.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_scores(path: Path) -> list[dict[str, Any]]:
    """Read what `segmentation evaluate --json` wrote, or a model's report: one score or several.

    Args:
        path: The JSON file.

    Raises:
        DatasetError: It holds no scores.
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        scores = [{**_WITHOUT_CATEGORIES, **one} for one in content.get("scores", [content])]
        for score in scores:
            _check_complete(score)
    except OSError as error:
        raise _no_scores(path, str(error.strerror)) from error
    except (ValueError, AttributeError, TypeError) as error:
        raise _no_scores(path, "no scores in it") from error
    except KeyError as error:
        raise _no_scores(path, f"a score without {error}") from error
    return scores


def comparison(
    scores: Sequence[Score], published: Mapping[str, Score] | None = None
) -> tuple[Table, ...]:
    """Two tables with models as columns: IoU by class, and by category where there are any.

    Args:
        scores: From `bench.accuracy.evaluate`.
        published: Scores that others published, by what to call them: `miou`, `per_class`,
            `category_miou` and `per_category` as in ours, fractions; their columns say so.

    Raises:
        DatasetError: Scores are of other classes than the first, or than what was published.
    """
    columns = list(zip(_heads(scores), scores, strict=True))
    columns += [(f"{name}\npublished", score) for name, score in (published or {}).items()]
    _check_same_classes(columns)
    tables = (
        _table("IoU by class, %", "per_class", "miou", columns),
        _table("IoU by category, %", "per_category", "category_miou", columns),
    )
    return tuple(table for table in tables if len(table.rows) > 1)


def percent(score: float | None) -> str:
    """A score as a percentage of one decimal; a dash where there is none."""
    return "–" if score is None else f"{100 * score:.1f}"


def _table(title: str, key: str, mean: str, columns: Sequence[tuple[str, Score]]) -> Table:
    names = tuple(dict.fromkeys(name for _, score in columns for name in score[key]))
    rows = [
        (name, *(percent(score[key].get(name)) for _, score in columns))
        for name in names
        if any(score[key].get(name) is not None for _, score in columns)
    ]
    rows.append(("mean", *(percent(score[mean]) for _, score in columns)))
    return Table(title, (key.removeprefix("per_"), *(head for head, _ in columns)), tuple(rows))


def _heads(scores: Sequence[Score]) -> list[str]:
    """Heads of the columns; those of models that nothing else tells apart are numbered."""
    heads = [_column(score) for score in scores]
    return [
        f"{head}\n({heads[:index].count(head) + 1})" if heads.count(head) > 1 else head
        for index, head in enumerate(heads)
    ]


def _column(score: Score) -> str:
    return "{model}\n{data}\n{network_size} {fit}\n{precision}".format(**score)


def _check_complete(score: Score) -> None:
    """Ask for all that a table shows, so that what is missing is named and the file with it."""
    _column(score)
    percent(score["miou"])
    for key in ("per_class", "per_category"):
        for iou in score[key].values():
            percent(iou)


def _check_same_classes(columns: Sequence[tuple[str, Score]]) -> None:
    first = set(columns[0][1]["per_class"])
    for head, score in columns[1:]:
        if set(score["per_class"]) != first:
            strange = sorted(set(score["per_class"]) ^ first)
            raise DatasetError(
                received=f"scores of {' '.join(head.split())} on other classes ({strange[0]}, …)",
                expected="the classes of " + " ".join(columns[0][0].split()),
                fix="compare scores of one data set; published ones are of Cityscapes",
            )


def _no_scores(path: Path, reason: str) -> DatasetError:
    return DatasetError(
        received=f"{path}: {reason}",
        expected="a file that `segmentation evaluate --json` wrote",
        fix="evaluate the model, and give the file that was written",
    )
