"""Pictures of the race: who is how late, and where every millisecond goes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from segmentation_node.bench.race.contenders import ALONE
from segmentation_node.bench.race.results import Result
from segmentation_node.files import write_whole

_INK, _NOTE, _LINE, _FAINT = "#20262c", "#667", "#2f6db3", "#9dbfe0"


def draw_profile(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw the parts of a frame's way, one after the other, as bars of their means.

    Args:
        path: The .png file; replaced in one step.
        figures: From `bench.race.profile`.

    Raises:
        OutputError: The file cannot be written.
    """
    parts = figures["parts"]
    figure = Figure(figsize=(11, 1.6 + 0.36 * len(parts)), layout="constrained")
    axes, begin = figure.subplots(), 0.0
    for at, (name, times) in enumerate(parts.items()):
        color = _LINE if name == "inference" else _FAINT
        axes.barh(at, times["mean"], left=begin, height=0.7, color=color)
        begin += times["mean"]
        axes.annotate(
            f"{times['mean']:.2f}  (p95 {times['p95']:.2f})",
            (begin, at),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=_INK,
        )
    axes.set_yticks(range(len(parts)), list(parts))
    axes.margins(x=0.16)
    axes.invert_yaxis()
    _finish(axes, "ms from the camera's stamp, means")
    title = "{camera} at {rate_hz:g} Hz, {frames} frames: {model} {network_size} {precision}"
    _save(figure, path, title.format(**figures, **figures["node"]), figures["node"]["device"])


def draw_race(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw the median and the 99th percentile of each contender, a row of bars for each course.

    Args:
        path: The .png file; replaced in one step.
        figures: From `bench.race.run`.

    Raises:
        OutputError: The file cannot be written.
    """
    results = [one for one in figures["results"] if one["contender"] != ALONE]
    courses = sorted({(one["camera"], one["rate_hz"], one["qos"]) for one in results})
    figure = Figure(figsize=(11, 1.2 + 1.9 * len(courses)), layout="constrained")
    rows = figure.subplots(len(courses), squeeze=False)
    for axes, course in zip(rows[:, 0], courses, strict=True):
        same = [one for one in results if (one["camera"], one["rate_hz"], one["qos"]) == course]
        _draw_course(axes, same)
        camera, rate_hz, qos = course
        axes.set_title(
            f"{camera} at {rate_hz:g} Hz, {qos.replace('_', ' ')}",
            loc="left",
            fontsize=9,
            color=_INK,
        )
    machine = figures["machine"]["processor"]
    _save(figure, path, "From the camera's stamp to the label image in another process", machine)


def _draw_course(axes: Any, results: Sequence[Result]) -> None:
    for at, one in enumerate(results):
        latency = one["latency_ms"]
        if latency:
            axes.barh(at, latency["p50"], height=0.6, color=_FAINT)
            axes.plot([latency["p99"]] * 2, [at - 0.3, at + 0.3], color=_LINE, linewidth=2)
        lost = f", {one['lost']} of {one['sent']} lost" if one["lost"] else ""
        told = f"{latency['p50']:.1f}{lost}" if latency else f"nothing{lost}"
        place = (max(latency["p50"], latency["p99"]) if latency else 0.0, at)
        axes.annotate(
            told, place, (5, 0), textcoords="offset points", va="center", fontsize=8, color=_INK
        )
    axes.set_yticks(range(len(results)), [one["title"] for one in results])
    axes.margins(x=0.2)
    axes.invert_yaxis()
    _finish(axes, "ms: p50 (bar), p99 (line)")


def _finish(axes: Any, label: str) -> None:
    axes.set_xlabel(label, color=_INK, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color="#dde", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _save(figure: Figure, path: Path, title: str, note: str) -> None:
    figure.suptitle(title, x=0.02, ha="left", color=_INK, fontsize=12, fontweight="bold")
    figure.supxlabel(note, x=0.02, ha="left", color=_NOTE, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    write_whole(path, buffer.getvalue())
