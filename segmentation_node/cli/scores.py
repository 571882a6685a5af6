"""Prints scores of models, each with what it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def print_scores(scores: Sequence[Mapping[str, Any]]) -> None:
    """Print evaluations as a table, one row each.

    Args:
        scores: From `bench.accuracy.evaluate`.
    """
    table = Table("data", "images", "mIoU %", "pixel acc. %", "size (HxW)", "fit", "precision")
    for score in scores:
        table.add_row(
            score["data"],
            str(score["frames"]),
            _percent(score["miou"]),
            _percent(score["pixel_accuracy"]),
            score["network_size"],
            score["fit"],
            score["precision"],
        )
    Console().print(table)


def print_classes(score: Mapping[str, Any]) -> None:
    """Print the IoU of each class, and of each group of the data set.

    Args:
        score: From `bench.accuracy.evaluate`.
    """
    table = Table("class or group", "IoU %")
    for name, iou in {**score["per_class"], **score["by_group"]}.items():
        table.add_row(name, _percent(iou))
    Console().print(table)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
