"""Pictures of the race: who is how late, and where every millisecond goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.race.contenders import ALONE
from benchmarks.race.results import Result
from benchmarks.race.table import about, title_of
from segmentation_node.drawing.chart import FAINT, INK, LINE, along_x, beside, canvas, save


def draw_profile(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw the parts of a frame's way, one after the other, as bars of their means.

    Args:
        path: The .png file; replaced in one step.
        figures: From `benchmarks.race.profile`.

    Raises:
        OutputError: The file cannot be written.
    """
    parts = figures["parts"]
    title = "{camera} at {rate_hz:g} Hz, {frames} frames: {model} {network_size} {precision}"
    told = title.format(**figures, **figures["node"])
    figure = canvas(11, 1.6 + 0.36 * len(parts), told, figures["node"]["device"])
    axes, begin = figure.subplots(), 0.0
    for at, (name, times) in enumerate(parts.items()):
        color = LINE if name == "inference" else FAINT
        axes.barh(at, times["mean"], left=begin, height=0.7, color=color)
        begin += times["mean"]
        beside(axes, begin, at, f"{times['mean']:.2f}  (p95 {times['p95']:.2f})")
    axes.set_yticks(range(len(parts)), list(parts))
    axes.margins(x=0.16)
    axes.invert_yaxis()
    along_x(axes, "ms from the camera's stamp, means")
    save(path, figure)


def draw_race(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw the median and the 99th percentile of each contender, a row of bars for each course.

    Args:
        path: The .png file; replaced in one step.
        figures: From `benchmarks.race.run`.

    Raises:
        OutputError: The file cannot be written.
    """
    results = [one for one in figures["results"] if one["contender"] != ALONE]
    courses = sorted({(one["camera"], one["rate_hz"], one["qos"]) for one in results})
    title = "From the camera's stamp to the label image in another process"
    figure = canvas(11, 1.3 + 2.1 * len(courses), title, about(figures))
    rows = figure.subplots(len(courses), squeeze=False)
    for axes, course in zip(rows[:, 0], courses, strict=True):
        same = [one for one in results if (one["camera"], one["rate_hz"], one["qos"]) == course]
        _draw_course(axes, same)
        camera, rate_hz, qos = course
        axes.set_title(
            f"{camera} at {rate_hz:g} Hz, {qos.replace('_', ' ')}",
            loc="left",
            fontsize=9,
            color=INK,
        )
    save(path, figure)


def _draw_course(axes: Any, results: Sequence[Result]) -> None:
    for at, one in enumerate(results):
        latency = one["latency_ms"]
        if latency:
            axes.barh(at, latency["p50"], height=0.6, color=FAINT)
            axes.plot([latency["p99"]] * 2, [at - 0.3, at + 0.3], color=LINE, linewidth=2)
        told = f"{latency['p50']:.1f}" if latency else "nothing"
        place = max(latency["p50"], latency["p99"]) if latency else 0.0
        beside(axes, place, at, f"{told}, {one['received']} of {one['sent']} answered")
    axes.set_yticks(range(len(results)), [title_of(one) for one in results])
    axes.set_ylim(len(results) - 0.5, -0.5)
    axes.margins(x=0.3)
    is_answered = any(one["latency_ms"] for one in results)
    axes.set_xlim(left=0.0, right=None if is_answered else 1.0)
    along_x(axes, "ms: p50 (bar), p99 (line)")
