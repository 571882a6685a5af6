"""Tables on the screen: no figure is cut, and what a cell says is printed as it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from small_benchmark import benchmark, failed_row, optimisation

from segmentation_node.bench.benchmark.table import tables
from segmentation_node.bench.comparison import Table
from segmentation_node.bench.report.columns import machines_of
from segmentation_node.bench.report.run import report_tables
from segmentation_node.cli import scores
from segmentation_node.cli.screen import print_table

LONGEST_FIGURE = len("25.00 (22.50 to 27.50), 40.0")
LONG = "no engine: " + "received a GPU that nobody has, expected one that somebody has; " * 3


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal of 80 columns."""
    printed = io.StringIO()
    monkeypatch.setattr(scores, "_console", lambda: Console(file=printed, width=80))
    return printed


def cells(made: tuple[Table, ...]) -> set[str]:
    """All figures and heads but those of the first column, in which words may be folded."""
    found = [cell for table in made for row in (table.head, *table.rows) for cell in row[1:]]
    lines = {line for cell in found for line in cell.split("\n")}
    return {line for line in lines if len(line) < LONGEST_FIGURE}


def test_no_figure_is_cut_beside_an_error_of_three_lines(screen: io.StringIO) -> None:
    figures = benchmark("a machine")
    figures["rows"].append(failed_row(error=LONG))
    made = tables(figures)
    scores.print_tables(made)
    assert [one for one in cells(made) if one not in screen.getvalue()] == []
    assert max(map(len, screen.getvalue().splitlines())) <= 80


def test_a_report_of_two_machines_says_what_is_published(screen: io.StringIO) -> None:
    figures = [benchmark(name, optimisations=[optimisation("bf16", 10.0)]) for name in "ab"]
    made = report_tables(machines_of(figures))
    scores.print_tables(made)
    assert [one for one in cells(made) if one not in screen.getvalue()] == []


def test_narrow_columns_that_fill_the_screen_are_whole(screen: io.StringIO) -> None:
    head = ("name", *(f"column {number}" for number in range(9)))
    scores.print_tables([Table("", head, (("a", *(f"{n}23456.78" for n in range(9))),))])
    assert all(f"{number}23456.78" in screen.getvalue() for number in range(9))


def test_a_sentence_in_another_column_is_folded_and_not_cut(screen: io.StringIO) -> None:
    scores.print_tables([Table("", ("name", "why"), (("a", LONG),))])
    assert "".join(LONG.split()) in "".join(screen.getvalue().split())


def test_brackets_of_a_path_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("drives [old]/a.mcap", {"output": "[/out] b"})
    printed = capsys.readouterr().out
    assert "drives [old]/a.mcap" in printed
    assert "[/out] b" in printed


def test_brackets_are_printed_and_not_obeyed(screen: io.StringIO) -> None:
    rows = (("pip install 'a[b]'", "[/lab]"), ("[red]", "1.00"))
    scores.print_tables([Table("a machine [maxn]", ("what [x]", "ms"), rows)])
    for text in ("'a[b]'", "[/lab]", "[red]", "[maxn]", "what [x]"):
        assert text in screen.getvalue()
