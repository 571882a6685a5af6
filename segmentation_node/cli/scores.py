"""Prints scores of models, each with what it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from segmentation_node.bench.comparison import Table, percent

# Wide enough for a comparison where the output is a file and has no width of its own.
_FILE_WIDTH = 200


def print_scores(scores: Sequence[Mapping[str, Any]]) -> None:
    """Print evaluations as a table, one row each.

    Args:
        scores: From `bench.accuracy.evaluate`.
    """
    head = (
        "model",
        "data",
        "images",
        "mIoU %",
        "pixel acc. %",
        "ECE %",
        "size (HxW)",
        "fit",
        "precision",
    )
    rows = tuple(
        (
            score["model"],
            score["data"],
            str(score["frames"]),
            percent(score["miou"]),
            percent(score["pixel_accuracy"]),
            percent(score.get("ece")),
            score["network_size"],
            score["fit"],
            score["precision"],
        )
        for score in scores
    )
    print_tables([Table("", head, rows)])


def print_tables(tables: Iterable[Table]) -> None:
    """Print tables: the first column to the left, figures to the right.

    Args:
        tables: Of texts.
    """
    console = _console()
    for table in tables:
        shown = RichTable(title=table.title or None, title_justify="left", box=box.SIMPLE_HEAD)
        for number, head in enumerate(table.head):
            shown.add_column(head, justify="right" if number else "left", no_wrap=not number)
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_FILE_WIDTH)
