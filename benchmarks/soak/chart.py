"""A soak as a picture: memory, latency and handles over time, with the phases shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.soak.table import about
from segmentation_node.drawing.chart import BAD, FAINT, INK, LINE, along_y, canvas, save

_ENOUGH = 100
"""Answers of ten seconds, for their 99th percentile to say more than which was the longest."""
_NAME_SHARE = 0.022
"""Of the width, that names of phases lie apart at least."""
_SHADES = ("#f4f6f8", "#e6ebf0")


def draw(path: Path, results: Mapping[str, Any]) -> None:
    """Draw what the node held and how late it was, from the beginning to the end.

    Args:
        path: The .png file; replaced in one step.
        results: From `benchmarks.soak.run`.

    Raises:
        OutputError: The file cannot be written.
    """
    figure = canvas(13, 8.6, _title(results), _note(results))
    memory, latency, handles = figure.subplots(3, sharex=True, height_ratios=(3, 3, 2))
    begin_s = _begin_s(results)
    for axes in (memory, latency, handles):
        _shade(axes, results, begin_s)
    _draw_samples(memory, results, begin_s, {"rss_mib": "RSS", "private_mib": "not shared"})
    _draw_latency(latency, results, begin_s)
    _draw_samples(handles, results, begin_s, {"files": "open files", "threads": "threads"})
    _name_phases(memory, results, begin_s)
    labels = ("resident memory, MiB", "latency, ms: sent to labels heard", "files and threads")
    for axes, label in zip((memory, latency, handles), labels, strict=True):
        along_y(axes, label)
        axes.legend(loc="lower right", fontsize=8, frameon=False)
    handles.set_xlabel("seconds", color=INK, fontsize=9)
    save(path, figure)


def _title(results: Mapping[str, Any]) -> str:
    node, plan = results["node"], results["plan"]
    what = ("model", "network_size", "precision")
    told = " ".join(str(node[key]) for key in what if key in node)
    return f"{plan['camera']} at {plan['rate_hz']:g} Hz: {told}"


def _note(results: Mapping[str, Any]) -> str:
    return (
        f"{about(results)} A point of p99 stands for {_ENOUGH} frames at least. "
        "The lifecycle cycles have a small network size of their own."
    )


def _begin_s(results: Mapping[str, Any]) -> float:
    begins = [one["begun_s"] for one in results["phases"] if "begun_s" in one]
    return min([*begins, *(one["at_s"] for one in results["samples"][:1])], default=0.0)


def _shade(axes: Any, results: Mapping[str, Any], begin_s: float) -> None:
    played = [one for one in results["phases"] if "begun_s" in one]
    for phase, shade in zip(played, cycle(_SHADES), strict=False):
        span = phase["begun_s"] - begin_s, phase["ended_s"] - begin_s
        axes.axvspan(*span, color=shade, linewidth=0, zorder=0)


def _name_phases(axes: Any, results: Mapping[str, Any], begin_s: float) -> None:
    # What was not played at all has no width to stand above.
    played = [one for one in results["phases"] if one.get("ended_s", 0) > one.get("begun_s", 0)]
    middles = [(one["begun_s"] + one["ended_s"]) / 2 - begin_s for one in played]
    places = _apart(middles, max((one["ended_s"] - begin_s for one in played), default=0.0))
    for phase, middle, place in zip(played, middles, places, strict=True):
        axes.annotate(
            phase["name"].replace("_", " "),
            (middle, 1.0),
            (place, 1.06),
            xycoords=("data", "axes fraction"),
            textcoords=("data", "axes fraction"),
            rotation=40,
            fontsize=8,
            color=INK if phase["is_met"] else BAD,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.6},
        )


def _apart(middles: Sequence[float], end: float) -> list[float]:
    """Places for names, in their order: each above what it names, if the others leave it room."""
    gap = _NAME_SHARE * end
    places: list[float] = []
    for middle in middles:
        places.append(max(middle, places[-1] + gap) if places else middle)
    # Back from the right edge.
    room = end
    for at in reversed(range(len(places))):
        places[at] = min(places[at], room)
        room = places[at] - gap
    return places


def _draw_samples(
    axes: Any, results: Mapping[str, Any], begin_s: float, names: Mapping[str, str]
) -> None:
    times = [one["at_s"] - begin_s for one in results["samples"]]
    for (name, label), color in zip(names.items(), (LINE, FAINT), strict=True):
        values = [one[name] for one in results["samples"]]
        axes.plot(times, values, color=color, linewidth=1.4, label=label)


def _draw_latency(axes: Any, results: Mapping[str, Any], begin_s: float) -> None:
    tens = results["latency_by_ten_seconds"]
    enough = [one for one in tens if one["answered"] >= _ENOUGH]
    for name, those, color in (("p99", enough, FAINT), ("p50", tens, LINE)):
        times = [one["begun_s"] + 5.0 - begin_s for one in those]
        values = [one[name] for one in those]
        label = f"{name} of ten seconds" if those else None
        axes.plot(times, values, color=color, linewidth=0.5, marker=".", label=label)
    if tens:
        axes.set_yscale("log")
