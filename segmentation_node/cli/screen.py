"""How the verbs draw on the terminal: progress bars and small tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

# Progress goes to stderr, so that what a verb prints on stdout can be piped on.
_STDERR = Console(stderr=True)


class StepBars:
    """One progress bar for each step, one below the other.

    Args:
        progress: Rich's own bars.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show how far a step is; its bar appears with its first call."""
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=None)
        self._progress.update(self._tasks[step], completed=done, total=total or None)


@contextmanager
def step_bars() -> Iterator[StepBars]:
    """Show progress bars as long as the block runs."""
    columns = (
        TextColumn("{task.description:<12}", markup=False),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_STDERR) as progress:
        yield StepBars(progress)


def print_table(title: str, rows: Mapping[str, str]) -> None:
    """Print names and values, one row each, as they are: a path may have brackets."""
    table = Table(title=Text(title), show_header=False, title_justify="left", min_width=60)
    for name, value in rows.items():
        table.add_row(Text(name), Text(value))
    Console().print(table)
