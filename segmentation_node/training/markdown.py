"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown.

    Args:
        head: Heads of its columns.
        rows: As many cells each as there are columns.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(content: object) -> str:
    """What a cell says, on one line, without ending the cell."""
    return " ".join(str(content).split()).replace("|", r"\|")
