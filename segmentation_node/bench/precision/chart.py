"""A comparison of precisions as a picture: drop, latency and size, a line for each precision."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from segmentation_node.bench.comparison import percent
from segmentation_node.bench.precision.table import about_figures, drop_text, megabytes, runs_in
from segmentation_node.files import write_whole

Figures = Mapping[str, Any]

_INK, _NOTE, _LINE, _FAINT = "#20262c", "#667", "#2f6db3", "#9dbfe0"
_SURE = "#b23a48"


def draw_chart(path: Path, figures: Figures) -> None:
    """Draw the chart; the file is replaced in one step.

    Args:
        path: The .png file.
        figures: From `bench.precision.run`.

    Raises:
        OutputError: The file cannot be written.
    """
    rows = figures["rows"]
    # Not pyplot: that would look for a display.
    figure = Figure(figsize=(12, 1.9 + 0.5 * len(rows)), layout="constrained")
    drop, latency, size = figure.subplots(1, 3, sharey=True, width_ratios=(5, 4, 3))
    _draw_drops(drop, rows)
    _draw_latencies(latency, rows)
    _draw_sizes(size, rows)
    drop.set_yticks(range(len(rows)), [_name(row, figures) for row in rows])
    drop.set_ylim(len(rows) - 0.5, -0.5)
    title = " and ".join(dict.fromkeys(one["model"] for one in figures["weights"]))
    figure.suptitle(title, x=0.02, ha="left", color=_INK, fontsize=13, fontweight="bold")
    figure.supxlabel(about_figures(figures), x=0.02, ha="left", color=_NOTE, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    write_whole(path, buffer.getvalue())


def _draw_drops(axes: Any, rows: list[Figures]) -> None:
    axes.axvline(0, color=_NOTE, linewidth=0.8)
    for at, row in enumerate(rows):
        drop = row["drop"]
        color = _SURE if drop["verdict"] == "drop" else _LINE
        if drop["low"] is not None:
            axes.plot([drop["low"], drop["high"]], [at, at], color=color, linewidth=2)
        axes.plot(drop["points"], at, "o", color=color, markersize=6)
        told = f"mIoU {percent(row['miou'])} %" + (f", {drop_text(drop)}" if at else "")
        axes.annotate(
            told, (drop["points"], at), (0, 7), textcoords="offset points", ha="center", **_SMALL
        )
    axes.margins(x=0.25)
    _frame(axes, "drop of mIoU against fp32, points, with 95 % interval")


def _draw_latencies(axes: Any, rows: list[Figures]) -> None:
    for at, row in enumerate(rows):
        times, ratio = row["latency"]["segment_ms"], row["latency"]["ratio"]["segment"]["p50"]
        axes.barh(at, times["p50"], height=0.5, color=_FAINT)
        axes.plot([times["p95"]] * 2, [at - 0.25, at + 0.25], color=_LINE, linewidth=2)
        told = f"{times['p50']:.1f} ({ratio:.2f} x)"
        _beside(axes, max(times["p50"], times["p95"]), at, told)
    axes.margins(x=0.3)
    _frame(axes, "ms from image to labels: p50 (bar), p95 (line)")


def _draw_sizes(axes: Any, rows: list[Figures]) -> None:
    for at, row in enumerate(rows):
        width = row["bytes"][-1] / 1e6
        axes.barh(at, width, height=0.5, color=_FAINT)
        _beside(axes, width, at, megabytes(row))
    axes.margins(x=0.3)
    _frame(axes, "MB on disk")


def _name(row: Figures, figures: Figures) -> str:
    """Its name, with what it runs in where the name does not say it."""
    precision = runs_in(row, figures)
    return str(row["name"]) if precision == row["name"] else f"{row['name']}\n{precision}"


_SMALL = {"fontsize": 8, "color": _INK}


def _beside(axes: Any, x: float, y: float, text: str) -> None:
    axes.annotate(text, (x, y), (5, 0), textcoords="offset points", va="center", **_SMALL)


def _frame(axes: Any, label: str) -> None:
    axes.set_xlabel(label, color=_INK, fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(labelsize=9)
    axes.grid(axis="x", color="#dde", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
