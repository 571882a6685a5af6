"""The curves of a run as a picture: loss, learning rate and validation mIoU over steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from segmentation_node.drawing.chart import (
    BAD,
    FAINT,
    GOOD,
    INK,
    LINE,
    MIDDLING,
    along_y,
    canvas,
    save,
)

History = Sequence[Mapping[str, Any]]

_SCORES = (GOOD, MIDDLING, BAD, "#6d4c9f")
# The share of the run that a point of the smoothed loss looks back on.
_LOOK_BACK = 0.02


def draw_curves(path: Path, history: History, title: str) -> None:
    """Draw the curves; the file is replaced in one step.

    Args:
        path: The .png file.
        history: Entries with `iteration`, `loss`, `learning_rate` and, here and there, `miou` by
            data set.
        title: Stands above.

    Raises:
        OutputError: The file cannot be written.
    """
    figure = canvas(9, 9, title)
    loss, rate, miou = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1, 2))
    _draw_loss(loss, history)
    _draw_rate(rate, history)
    _draw_miou(miou, history)
    save(path, figure)


def _draw_loss(axes: Any, history: History) -> None:
    steps, losses = _column(history, "iteration"), _column(history, "loss")
    axes.plot(steps, losses, color=FAINT, linewidth=0.8, label="each step")
    smooth = smoothed(losses, max(int(len(losses) * _LOOK_BACK), 1))
    axes.plot(steps, smooth, color=LINE, linewidth=1.6, label="mean of the last 2 %")
    axes.set_ylim(0, 1.05 * max(np.max(losses), 1e-6))
    axes.legend(loc="upper right", frameon=False, fontsize=9)
    _frame(axes, "loss")


def _draw_rate(axes: Any, history: History) -> None:
    steps, rates = _column(history, "iteration"), _column(history, "learning_rate")
    axes.step(steps, rates, where="post", color=INK)
    axes.set_ylim(bottom=0)
    _frame(axes, "learning rate")


def _draw_miou(axes: Any, history: History) -> None:
    scored = [entry for entry in history if entry.get("miou")]
    names = list(dict.fromkeys(name for entry in scored for name in entry["miou"]))
    for index, name in enumerate(names):
        points = [(entry["iteration"], 100 * entry["miou"][name]) for entry in scored]
        color = _SCORES[index % len(_SCORES)]
        axes.plot(*zip(*points, strict=True), "o-", color=color, markersize=4, label=name)
        axes.annotate(
            f"{points[-1][1]:.1f}", points[-1], (6, 0), textcoords="offset points", color=color
        )
    if names:
        axes.legend(loc="upper left", frameon=False, fontsize=9)
    axes.set_ylim(0, 100)
    axes.set_xlabel("step", color=INK, fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _frame(axes, "validation mIoU (%)")


def smoothed(values: Sequence[float], count: int) -> list[float]:
    """The mean of each value and those before it.

    Args:
        values: Any numbers.
        count: Values that a mean is taken of; fewer at the beginning.
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - count, 0)
    return [float(mean) for mean in (sums[ends] - sums[starts]) / (ends - starts)]


def _column(history: History, name: str) -> list[float]:
    return [entry[name] for entry in history]


def _frame(axes: Any, label: str) -> None:
    along_y(axes, label)
    axes.margins(x=0.02)
