"""A soak as a picture: memory, latency and handles over time, with the phases shaded."""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from segmentation_node.files import write_whole

_INK, _LINE, _FAINT, _BAD = "#20262c", "#2f6db3", "#9dbfe0", "#c0392b"
_SHADES = ("#f4f6f8", "#e6ebf0")


def draw(path: Path, results: Mapping[str, Any]) -> None:
    """Draw what the node held and how late it was, from the beginning to the end.

    Args:
        path: The .png file; replaced in one step.
        results: From `bench.soak.run`.

    Raises:
        OutputError: The file cannot be written.
    """
    figure = Figure(figsize=(13, 8), layout="constrained")
    memory, latency, handles = figure.subplots(3, sharex=True, height_ratios=(3, 3, 2))
    begin_s = _begin_s(results)
    for axes in (memory, latency, handles):
        _shade(axes, results, begin_s)
    _draw_samples(memory, results, begin_s, {"rss_mib": "RSS", "private_mib": "not shared"})
    _draw_latency(latency, results, begin_s)
    _draw_samples(handles, results, begin_s, {"files": "open files", "threads": "threads"})
    _name_phases(memory, results, begin_s)
    for axes, label in ((memory, "MiB"), (latency, "ms"), (handles, "number")):
        _finish(axes, label)
    handles.set_xlabel("seconds", color=_INK, fontsize=9)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    write_whole(path, buffer.getvalue())


def _begin_s(results: Mapping[str, Any]) -> float:
    begins = [one["begun_s"] for one in results["phases"] if "begun_s" in one]
    return min([*begins, *(one["at_s"] for one in results["samples"][:1])], default=0.0)


def _shade(axes: Any, results: Mapping[str, Any], begin_s: float) -> None:
    played = [one for one in results["phases"] if "begun_s" in one]
    for phase, shade in zip(played, cycle(_SHADES), strict=False):
        span = phase["begun_s"] - begin_s, phase["ended_s"] - begin_s
        axes.axvspan(*span, color=shade, linewidth=0, zorder=0)


def _name_phases(axes: Any, results: Mapping[str, Any], begin_s: float) -> None:
    for phase in results["phases"]:
        # What was not played at all has no width to stand above.
        if phase.get("ended_s", 0) > phase.get("begun_s", 0):
            axes.annotate(
                phase["name"].replace("_", " "),
                ((phase["begun_s"] + phase["ended_s"]) / 2 - begin_s, 1.0),
                (0, 3),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                rotation=40,
                fontsize=8,
                color=_INK if phase["is_met"] else _BAD,
            )


def _draw_samples(
    axes: Any, results: Mapping[str, Any], begin_s: float, names: Mapping[str, str]
) -> None:
    times = [one["at_s"] - begin_s for one in results["samples"]]
    for (name, label), color in zip(names.items(), (_LINE, _FAINT), strict=True):
        values = [one[name] for one in results["samples"]]
        axes.plot(times, values, color=color, linewidth=1.4, label=label)


def _draw_latency(axes: Any, results: Mapping[str, Any], begin_s: float) -> None:
    tens = results["latency_by_ten_seconds"]
    times = [ten + 5.0 - begin_s for ten, _, _ in tens]
    for column, label, color in ((2, "p99 of ten seconds", _FAINT), (1, "p50", _LINE)):
        values = [one[column] for one in tens]
        axes.plot(times, values, color=color, linewidth=0.5, marker=".", label=label)
    if tens:
        axes.set_yscale("log")


def _finish(axes: Any, label: str) -> None:
    axes.set_ylabel(label, color=_INK, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.legend(loc="lower right", fontsize=8, frameon=False)
    axes.grid(axis="y", color="#dde", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
