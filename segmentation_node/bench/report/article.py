"""The article's table with today's figures, and its own in columns of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segmentation_node.bench.benchmark.table import NONE, megabytes
from segmentation_node.bench.comparison import Table
from segmentation_node.bench.published import ARTICLE, ArticleRow
from segmentation_node.bench.report.columns import (
    Figures,
    Machine,
    engine_of,
    grouped,
    measured,
    published_head,
)

_FIGURES = ("weights MB", "latency ms", "fps", "mIoU drop, points")
_IN_THE_ARTICLE = ("weights", "latency", "frames a second", "mIoU drop")
_POINTS = 100


def article_table(machines: Sequence[Machine]) -> Table:
    """Weights, inference, frames a second and loss of mIoU: a row for each configuration."""
    rows = [row for machine in machines for row in _of_machine(machine)]
    rows += [_published(row) for row in ARTICLE]
    head = ("platform", "network", "precision", *_FIGURES)
    return Table(
        "The article: precision and speed on frames of a camera",
        (*head, *(published_head(name) for name in _IN_THE_ARTICLE)),
        tuple(rows),
    )


def _of_machine(machine: Machine) -> Iterator[tuple[str, ...]]:
    for rows in grouped(measured(machine)).values():
        reference = next((_score(row) for row in rows if row["runs"]["precision"] == "fp32"), None)
        for row in rows:
            runs = row["runs"]
            yield (
                machine.name,
                f"{runs['model']} {runs['network_size']}",
                f"{runs['precision'].upper()}, {engine_of(runs['engine'])}",
                megabytes(row["bytes"]["onnx"]),
                f"{row['latency_ms']['inference']['p50_ms']:.2f}",
                f"{row['throughput']['fps']:.1f}",
                _drop(reference, _score(row)),
                *[NONE] * len(_FIGURES),
            )


def _score(row: Figures) -> float | None:
    return None if row["score"] is None else row["score"]["miou"]


def _drop(reference: float | None, score: float | None) -> str:
    """What is lost against FP32, in points of mIoU; a dash where nothing was scored."""
    if reference is None or score is None:
        return NONE
    return f"{_POINTS * (reference - score):+.2f}"


def _published(row: ArticleRow) -> tuple[str, ...]:
    return (row.platform, "FCN-AlexNet", row.precision, *[NONE] * len(_FIGURES), *row.printed)
