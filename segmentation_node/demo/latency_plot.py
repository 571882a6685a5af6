"""The plot of latency over time, a point for every frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

_INK, _LINE, _SKIPPED = "#20262c", "#2f6db3", "#d1495b"
_PERCENTILES = {"p50": "#3a7d44", "p95": "#e08e1b", "p99": "#b23a48"}


def plot_latency(
    path: Path,
    answered: Sequence[tuple[float, float]],
    unanswered_s: Sequence[float],
    latency_ms: Mapping[str, float | None],
    title: str,
    subtitle: str,
) -> None:
    """Draw the plot.

    Args:
        path: The .png file.
        answered: Of each frame answered: when it was sent, s, and its latency, ms.
        unanswered_s: When each frame without an answer was sent, s.
        latency_ms: p50, p95 and p99, ms.
        title: First line.
        subtitle: Second line.
    """
    # Not pyplot: that would look for a display.
    figure = Figure(figsize=(11, 5), layout="constrained")
    axes, side = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": (6, 1)})
    _draw_frames(axes, answered, unanswered_s)
    _draw_percentiles(axes, side, answered, latency_ms)
    figure.suptitle(title, x=0.054, ha="left", color=_INK, fontsize=13, fontweight="bold")
    # Smaller than the layout would make room for: a long line must not push the axes apart.
    note = axes.set_title(subtitle, loc="left", color="#667", fontsize=9)
    note.set_in_layout(False)
    figure.savefig(path, dpi=150)


def _draw_frames(
    axes: Any, answered: Sequence[tuple[float, float]], unanswered_s: Sequence[float]
) -> None:
    times, latencies = [row[0] for row in answered], [row[1] for row in answered]
    axes.plot(times, latencies, color=_LINE, linewidth=0.7, alpha=0.5)
    axes.plot(times, latencies, ".", color=_LINE, markersize=4, label="answered")
    if unanswered_s:
        zeros = [0.0] * len(unanswered_s)
        axes.plot(unanswered_s, zeros, "|", color=_SKIPPED, markersize=12, label="no answer")
        axes.legend(loc="upper right", frameon=False, fontsize=9)
    axes.set_xlabel("time since the first frame (s)", color=_INK)
    axes.set_ylabel("latency (ms), published to label image received", color=_INK)
    axes.set_ylim(0, max(latencies, default=1.0) * 1.12)
    axes.margins(x=0.01)
    axes.grid(axis="y", color="#dde", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_percentiles(
    axes: Any,
    side: Any,
    answered: Sequence[tuple[float, float]],
    latency_ms: Mapping[str, float | None],
) -> None:
    side.hist(
        [row[1] for row in answered], bins=40, orientation="horizontal", color=_LINE, alpha=0.6
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
