"""The plot of latency over time, a point for every frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segmentation_node.drawing.chart import (
    BAD,
    GOOD,
    INK,
    LINE,
    MIDDLING,
    along_y,
    canvas,
    save,
)

_PERCENTILES = {"p50": GOOD, "p95": MIDDLING, "p99": BAD}


def plot_latency(
    path: Path,
    answered: Sequence[tuple[float, float]],
    unanswered_s: Sequence[float],
    latency_ms: Mapping[str, float | None],
    title: str,
    note: str,
) -> None:
    """Draw the plot; the file is replaced in one step.

    Args:
        path: The .png file.
        answered: Of each frame answered: when it was sent, s, and its latency, ms.
        unanswered_s: When each frame without an answer was sent, s.
        latency_ms: p50, p95 and p99, ms.
        title: Stands above.
        note: What the answers were made with; stands below.

    Raises:
        OutputError: The file cannot be written.
    """
    figure = canvas(11, 5, title, note)
    axes, side = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": (6, 1)})
    _draw_frames(axes, answered, unanswered_s)
    _draw_percentiles(axes, side, answered, latency_ms)
    save(path, figure)


def _draw_frames(
    axes: Any, answered: Sequence[tuple[float, float]], unanswered_s: Sequence[float]
) -> None:
    times, latencies = [row[0] for row in answered], [row[1] for row in answered]
    axes.plot(times, latencies, color=LINE, linewidth=0.7, alpha=0.5)
    axes.plot(times, latencies, ".", color=LINE, markersize=4, label="answered")
    if unanswered_s:
        zeros = [0.0] * len(unanswered_s)
        axes.plot(unanswered_s, zeros, "|", color=BAD, markersize=12, label="no answer")
        axes.legend(loc="upper right", frameon=False, fontsize=9)
    axes.set_xlabel("time since the first frame (s)", color=INK, fontsize=9)
    axes.set_ylim(0, max(latencies, default=1.0) * 1.12)
    axes.margins(x=0.01)
    along_y(axes, "latency (ms), published to label image received")


def _draw_percentiles(
    axes: Any,
    side: Any,
    answered: Sequence[tuple[float, float]],
    latency_ms: Mapping[str, float | None],
) -> None:
    side.hist(
        [row[1] for row in answered], bins=40, orientation="horizontal", color=LINE, alpha=0.6
    )
    side.spines[["top", "right", "bottom"]].set_visible(False)
    side.tick_params(bottom=False, labelbottom=False)
    known = {name: value for name in _PERCENTILES if (value := latency_ms.get(name)) is not None}
    places = spread(list(known.values()), 0.045 * axes.get_ylim()[1])
    for (name, value), place in zip(known.items(), places, strict=True):
        for part in (axes, side):
            part.axhline(value, color=_PERCENTILES[name], linewidth=1.1, linestyle="--")
        side.text(
            1.02,
            place,
            f"{name} {value:.1f}",
            transform=side.get_yaxis_transform(),
            color=_PERCENTILES[name],
            fontsize=9,
            va="center",
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move ascending places apart where they are too close for the words beside them.

    Args:
        places: Ascending places.
        gap: The least distance between two of them.
    """
    spaced: list[float] = []
    for place in places:
        spaced.append(max(place, spaced[-1] + gap) if spaced else place)
    return spaced
