"""A report over several benchmarks: machines side by side, and the published tables with ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segmentation_node.bench.benchmark.schema import read_benchmark, unusable
from segmentation_node.bench.benchmark.table import (
    NONE,
    about,
    configuration_name,
    interval_text,
    percentile_text,
)
from segmentation_node.bench.comparison import Table
from segmentation_node.bench.report.article import article_table
from segmentation_node.bench.report.columns import Figures, Machine, machines_of, numbered
from segmentation_node.bench.report.paper import table_10, table_11, table_12, table_13
from segmentation_node.bench.sections import markdown_sections

_NOTES = """\
Columns that say *published* hold what the paper and the article print of their own machines; all
others were measured by this package. Their networks differ from ours: the paper's are FCN-8s,
FCN-16s and FCN-32s on VGG16 at 256x512, the article's is FCN-AlexNet. A dash: there is none.
Ratios are sound within one machine, whose configurations took turns; between machines and against
what was published, the runtime, the clocks and the years differ as well.
"""


def read_machines(paths: Sequence[Path]) -> tuple[Machine, ...]:
    """Read benchmarks.

    Args:
        paths: JSON files of `segmentation benchmark`.

    Raises:
        DatasetError: One is something else, or of another schema.
    """
    return machines_of([_shown_whole(path) for path in paths])


def _shown_whole(path: Path) -> Figures:
    """A benchmark of which every table can be made: what lies deep in it may be anything."""
    figures = read_benchmark(path)
    try:
        report_markdown(machines_of([figures]))
    except (LookupError, ArithmeticError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise unusable(f"{path}, which is faulty inside ({what})") from error
    return figures


def report_tables(machines: Sequence[Machine]) -> tuple[Table, ...]:
    """Machines side by side, the paper's tables 10 to 13, and the article's.

    Args:
        machines: From `read_machines`.
    """
    optimised = any(machine.figures["optimisations"] for machine in machines)
    return (
        side_by_side(machines),
        *((table_10(machines), table_11(machines)) if optimised else ()),
        table_12(machines),
        table_13(machines),
        article_table(machines),
    )


def report_markdown(machines: Sequence[Machine]) -> str:
    """The tables with what the machines are.

    Args:
        machines: From `read_machines`.
    """
    listed = [f"- **{machine.name}**: {about(machine.figures)}\n" for machine in machines]
    sections = markdown_sections(report_tables(machines))
    return "\n".join(["# Benchmarks side by side\n", "".join(listed), sections, _NOTES])


def side_by_side(machines: Sequence[Machine]) -> Table:
    """Whole frames: a row for each configuration, a column for each machine."""
    found = [_by_name(machine.figures["rows"]) for machine in machines]
    names = dict.fromkeys(name for rows in found for name in rows)
    cells = tuple((name, *(_speed(rows.get(name)) for rows in found)) for name in names)
    head = ("configuration", *(machine.name for machine in machines))
    return Table("Whole frames: p50 ms, and frames a second", head, cells)


def _by_name(rows: Sequence[Figures]) -> dict[str, Figures]:
    """What was asked for twice may run as the same: both stay."""
    return dict(zip(numbered([configuration_name(row) for row in rows]), rows, strict=True))


def _speed(row: Figures | None) -> str:
    if row is None:
        return NONE
    if row["latency_ms"] is None:
        return "failed"
    rate = row["throughput"]
    told = percentile_text(row["latency_ms"]["frame"], "p50_ms")
    told += f", {interval_text(rate['fps'], None, 1)} fps"
    return f"{told}, then failed" if row["error"] else told
