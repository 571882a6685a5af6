"""The confusion matrix of a score, in figures and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.accuracy import Answer
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.drawing.chart import BLANK, INK, canvas, save

_SHOWN = 0.005
NO_CLASS = "no class"


class Confusion:
    """Keeps the counts of all images."""

    key = "confusion"

    def __init__(self) -> None:
        self._matrix: ConfusionMatrix | None = None

    def add(self, answer: Answer) -> None:
        """Take in one answer."""
        if self._matrix is None:
            self._matrix = answer.counts.empty()
        self._matrix.merge(answer.counts)

    def result(self) -> dict[str, Any]:
        """Pixels by true (rows) and predicted class (columns, the last for no class)."""
        if self._matrix is None:
            return {"classes": [], "counts": []}
        return {"classes": list(self._matrix.names), "counts": self._matrix.counts.tolist()}


def draw_confusion(path: Path, score: Mapping[str, Any]) -> None:
    """Draw the matrix: of the pixels of each true class, the share that each answer got.

    Args:
        path: The .png file.
        score: From `bench.accuracy.evaluate` with `Confusion` among its tallies.

    Raises:
        OutputError: The file cannot be written.
    """
    rows, columns = list(score["confusion"]["classes"]), list(score["confusion"]["classes"])
    counts = np.array(score["confusion"]["counts"], np.int64)
    if counts[:, -1].any():
        columns.append(NO_CLASS)
    shares = _shares(counts)[:, : len(columns)]
    side = 2.6 + 0.46 * len(columns)
    title = "{model} on {data}, {frames} frames".format(**score)
    made = "{network_size} {fit}, {precision}".format(**score)
    figure = canvas(
        side + 0.8, side, title, f"{made}; percent of each true class (grey: never true)"
    )
    _draw(figure, figure.subplots(), shares, rows, columns)
    save(path, figure)


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(C, C + 1) float64: each row over its sum; NaN in rows of classes that never occur."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.full(counts.shape, np.nan)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares


def _draw(
    figure: Any, axes: Any, shares: NDArray[np.float64], rows: list[str], columns: list[str]
) -> None:
    axes.set_facecolor(BLANK)
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="left", color=INK)
    axes.set_yticks(range(len(rows)), rows, color=INK)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=9)
    axes.set_xlabel("answer", color=INK)
    axes.set_ylabel("truth", color=INK)
    axes.spines[:].set_visible(False)
    for (row, column), share in np.ndenumerate(shares):
        if share >= _SHOWN:
            color = "white" if share > 0.55 else INK
            axes.text(
                column, row, f"{100 * share:.0f}", ha="center", va="center", color=color, fontsize=8
            )
    figure.colorbar(picture, ax=axes, shrink=0.5, format=lambda share, _: f"{100 * share:.0f} %")
