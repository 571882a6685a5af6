"""Prints scores of models, each with what it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from segmentation_node.bench.comparison import Table, percent

# Wide enough for a comparison where the output is a file and has no width of its own.
_FILE_WIDTH = 200
# A space at each end of a row.
_BESIDE = 2
# Columns; an interval such as `25.00 (22.50 to 27.50)` fits, and a sentence is folded.
_WIDEST = 32


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
    """Print tables: the first column to the left, figures to the right, and none of them cut.

    A table that is too wide for the screen comes in parts, each with the first column.

    Args:
        tables: Of texts, printed as they are.
    """
    console = _console()
    for table in tables:
        for part in _parts(table, console.width):
            console.print(_shown(part))


def _shown(table: Table) -> RichTable:
    shown = RichTable(
        title=Text(table.title) if table.title else None, title_justify="left", box=box.SIMPLE_HEAD
    )
    # Sentences are folded, as what stands first may be one, so that the figures have room.
    shown.add_column(Text(table.head[0]), overflow="fold")
    for column in _others(table):
        is_short = _column_width(column) <= _WIDEST
        width = None if is_short else _WIDEST
        shown.add_column(
            Text(column[0]), justify="right", no_wrap=is_short, overflow="fold", max_width=width
        )
    for row in table.rows:
        shown.add_row(*map(Text, row))
    return shown


def _parts(table: Table, width: int) -> Iterator[Table]:
    """The table, cut between columns so that each part fits a width."""
    first = _column_width([table.head[0], *(row[0] for row in table.rows)])
    others = [min(_column_width(column), _WIDEST) for column in _others(table)]
    room = width - min(first, width // 3) - _BESIDE
    kept: list[int] = []
    for number, needed in enumerate(others, start=1):
        if kept and sum(others[one - 1] for one in kept) + needed > room:
            yield _with_columns(table, kept)
            kept = []
        kept.append(number)
    yield _with_columns(table, kept)


def _with_columns(table: Table, numbers: Sequence[int]) -> Table:
    def take(cells: Sequence[str]) -> tuple[str, ...]:
        return (cells[0], *(cells[number] for number in numbers))

    return Table(table.title, take(table.head), tuple(take(row) for row in table.rows))


def _others(table: Table) -> list[tuple[str, ...]]:
    """Every column but the first, from its head down."""
    return list(zip(table.head, *table.rows, strict=True))[1:]


def _column_width(cells: Sequence[str]) -> int:
    """Of a column as Rich draws it: its widest line, a space on each side, and one between."""
    return max(cell_len(line) for cell in cells for line in cell.split("\n")) + 3


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_FILE_WIDTH)
