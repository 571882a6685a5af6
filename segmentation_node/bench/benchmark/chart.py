"""A benchmark as pictures: latency by stage, size and energy, and what optimisations do."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from segmentation_node.bench.benchmark.table import OPTIMISATIONS, about, configuration_name
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
from segmentation_node.pipeline import STAGES

Figures = Mapping[str, Any]

_STAGE_COLORS = dict(zip(STAGES, ("#8fbf9f", LINE, "#e0b15a"), strict=True))
_ENGINE_COLORS = {"onnxruntime": "#b9a3d0", "openvino": LINE, "tensorrt": "#76a832"}
_MEGABYTE = 10**6
_SHORT = 70
"""Letters of an error that a chart has room for; all of it stands in the tables."""
_LATENCIES = (
    "Stages are drawn by their own medians, which need not add up to the frame's. The ratio, of "
    "the same rounds, is to the first of the same model and size that ran."
)


def draw_charts(folder: Path, figures: Figures) -> None:
    """Draw `benchmark.png`, and `optimisations.png` where there are any.

    Args:
        folder: Where to; the files are replaced in one step.
        figures: From `bench.benchmark.run`.

    Raises:
        OutputError: A file cannot be written.
    """
    save(folder / "benchmark.png", _configurations(figures))
    if figures["optimisations"]:
        save(folder / "optimisations.png", _optimisations(figures))


def _configurations(figures: Figures) -> Figure:
    rows = figures["rows"]
    figure = _canvas(len(rows), f"Benchmark: {figures['machine']['name']}", figures, _LATENCIES)
    times, sizes, energy = figure.subplots(1, 3, sharey=True, width_ratios=(6, 3, 3))
    for at, row in enumerate(rows):
        _draw_latency(times, row, at)
        if row["bytes"] is not None:
            _bar(sizes, at, row["bytes"]["onnx"] / _MEGABYTE, FAINT)
        _draw_energy(energy, row, at)
    for stage, color in _STAGE_COLORS.items():
        times.barh(0, 0, color=color, label=stage)
    times.plot([], [], color=INK, linewidth=2, label="p50, p95 and p99 of the frame")
    figure.legend(loc="outside upper right", ncols=4, frameon=False, fontsize=8)
    _frame(times, "ms from image to labels and colours: stages at p50")
    _frame(sizes, "MB, the ONNX file")
    _frame(energy, "mJ a frame, as read")
    if not energy.patches:
        energy.set_xticks([])
    _name_rows(times, [configuration_name(row).replace(", ", "\n") for row in rows])
    return figure


def _draw_latency(axes: Any, row: Figures, at: int) -> None:
    if row["latency_ms"] is None:
        beside(axes, 0, at, _shortened(row["error"]), BAD)
        return
    left = 0.0
    for stage, color in _STAGE_COLORS.items():
        width = row["latency_ms"][stage]["p50_ms"]
        axes.barh(at, width, left=left, height=0.5, color=color)
        left += width
    frame = row["latency_ms"]["frame"]
    places = [frame[key] for key in ("p50_ms", "p95_ms", "p99_ms")]
    axes.plot(places, [at] * len(places), "|-", color=INK, markersize=9, linewidth=1)
    told = f"p50 {places[0]:.1f} ({row['ratio']['frame']['p50']:.2f} x)"
    beside(axes, places[-1], at, told)


def _draw_energy(axes: Any, row: Figures, at: int) -> None:
    found = row["power"] and row["power"]["device"]
    if not found:
        return
    if found["why_not"]:
        beside(axes, 0, at, _wrapped(found["why_not"]), NOTE)
    else:
        _bar(axes, at, found["mj_per_frame"], FAINT)


def _optimisations(figures: Figures) -> Figure:
    rows = figures["optimisations"]
    figure = _canvas(len(rows), "Optimisations: the network alone", figures)
    times, sizes = figure.subplots(1, 2, sharey=True, width_ratios=(5, 3))
    for at, row in enumerate(rows):
        color = _ENGINE_COLORS.get(row["engine"].partition(" ")[0], FAINT)
        if row["inference_ms"] is None:
            beside(times, 0, at, _shortened(row["error"]), BAD)
        else:
            _bar(times, at, row["inference_ms"]["p50_ms"], color)
        if row["bytes"] is not None:
            _bar(sizes, at, row["bytes"]["onnx"] / _MEGABYTE, color)
    for engine in dict.fromkeys(row["engine"].partition(" ")[0] for row in rows):
        times.barh(0, 0, color=_ENGINE_COLORS.get(engine, FAINT), label=engine)
    figure.legend(loc="outside upper right", ncols=3, frameon=False, fontsize=8)
    _frame(times, "ms of inference, p50")
    _frame(sizes, "MB on disk")
    _name_rows(times, [_optimisation_name(row) for row in rows])
    return figure


def _optimisation_name(row: Figures) -> str:
    name = OPTIMISATIONS.get(row["optimisation"], row["optimisation"])
    return f"{row['model']} {row['network_size']}\n{name}"


def _canvas(rows: int, title: str, figures: Figures, *notes: str) -> Figure:
    return canvas(13, 2.2 + 0.55 * rows, title, " ".join([about(figures), *notes]))


def _name_rows(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)


def _bar(axes: Any, at: int, width: float, color: str) -> None:
    axes.barh(at, width, height=0.5, color=color)
    beside(axes, width, at, f"{width:.3g}")


def _shortened(text: str) -> str:
    return textwrap.shorten(text, _SHORT, placeholder=" …")


def _wrapped(text: str, width: int = 28) -> str:
    return textwrap.fill(text, width)


def _frame(axes: Any, label: str) -> None:
    axes.margins(x=0.3)
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=5)
    along_x(axes, label)
