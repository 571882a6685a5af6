"""A comparison of precisions as a picture: drop, latency and size, a line for each precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segmentation_node.bench.comparison import percent
from segmentation_node.bench.precision.table import about_figures, drop_text, megabytes, runs_in
from segmentation_node.drawing.chart import (
    BAD,
    FAINT,
    INK,
    LINE,
    NOTE,
    along_x,
    beside,
    canvas,
    save,
)

Figures = Mapping[str, Any]


def draw_chart(path: Path, figures: Figures) -> None:
    """Draw the chart; the file is replaced in one step.

    Args:
        path: The .png file.
        figures: From `bench.precision.run`.

    Raises:
        OutputError: The file cannot be written.
    """
    rows = figures["rows"]
    title = " and ".join(dict.fromkeys(one["model"] for one in figures["weights"]))
    figure = canvas(12, 1.9 + 0.5 * len(rows), title, about_figures(figures))
    drop, latency, size = figure.subplots(1, 3, sharey=True, width_ratios=(5, 4, 3))
    _draw_drops(drop, rows)
    _draw_latencies(latency, rows)
    _draw_sizes(size, rows)
    drop.set_yticks(range(len(rows)), [_name(row, figures) for row in rows])
    drop.set_ylim(len(rows) - 0.5, -0.5)
    save(path, figure)


def _draw_drops(axes: Any, rows: list[Figures]) -> None:
    axes.axvline(0, color=NOTE, linewidth=0.8)
    for at, row in enumerate(rows):
        drop = row["drop"]
        color = BAD if drop["verdict"] == "drop" else LINE
        if drop["low"] is not None:
            axes.plot([drop["low"], drop["high"]], [at, at], color=color, linewidth=2)
        axes.plot(drop["points"], at, "o", color=color, markersize=6)
        told = f"mIoU {percent(row['miou'])} %" + (f", {drop_text(drop)}" if at else "")
        place = (drop["points"], at)
        axes.annotate(
            told, place, (0, 7), textcoords="offset points", ha="center", fontsize=8, color=INK
        )
    axes.margins(x=0.25)
    along_x(axes, "drop of mIoU against fp32, points, with 95 % interval")


def _draw_latencies(axes: Any, rows: list[Figures]) -> None:
    for at, row in enumerate(rows):
        times, ratio = row["latency"]["segment_ms"], row["latency"]["ratio"]["segment"]["p50"]
        axes.barh(at, times["p50"], height=0.5, color=FAINT)
        axes.plot([times["p95"]] * 2, [at - 0.25, at + 0.25], color=LINE, linewidth=2)
        told = f"{times['p50']:.1f} ({ratio:.2f} x)"
        beside(axes, max(times["p50"], times["p95"]), at, told)
    axes.margins(x=0.3)
    along_x(axes, "ms from image to labels: p50 (bar), p95 (line)")


def _draw_sizes(axes: Any, rows: list[Figures]) -> None:
    for at, row in enumerate(rows):
        width = row["bytes"][-1] / 1e6
        axes.barh(at, width, height=0.5, color=FAINT)
        beside(axes, width, at, megabytes(row))
    axes.margins(x=0.3)
    along_x(axes, "MB on disk")


def _name(row: Figures, figures: Figures) -> str:
    """Its name, with what it runs in where the name does not say it."""
    precision = runs_in(row, figures)
    return str(row["name"]) if precision == row["name"] else f"{row['name']}\n{precision}"
