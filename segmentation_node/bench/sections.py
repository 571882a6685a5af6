"""Tables as sections of a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable

from segmentation_node.bench.comparison import Table
from segmentation_node.training.markdown import markdown_table


def markdown_sections(tables: Iterable[Table]) -> str:
    """A section for each table, under its title.

    Args:
        tables: Heads of several lines become one.
    """
    return "\n".join(
        f"## {table.title}\n\n"
        + markdown_table([" ".join(head.split("\n")) for head in table.head], table.rows)
        for table in tables
    )
