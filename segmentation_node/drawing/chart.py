"""What all charts have in common: colours, what stands around them, axes, and how they are kept."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from segmentation_node.files import write_whole

INK, NOTE, GRID, BLANK = "#20262c", "#667", "#dde", "#eeeeee"
LINE, FAINT, GOOD, MIDDLING, BAD = "#2f6db3", "#9dbfe0", "#3a7d44", "#e08e1b", "#b23a48"

_DOTS_PER_INCH = 110
_LETTERS_PER_INCH = 13
"""Of a note, at its size."""


def canvas(width: float, height: float, title: str, note: str = "") -> Figure:
    """Make an empty chart.

    Args:
        width: Inches.
        height: Inches.
        title: Stands above.
        note: What the figures were made with; stands below, in as many lines as it takes.
    """
    # Not pyplot: that would look for a display.
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title, x=0.02, ha="left", color=INK, fontsize=13, fontweight="bold")
    if note:
        told = textwrap.fill(note, int(width * _LETTERS_PER_INCH))
        figure.supxlabel(told, x=0.02, ha="left", color=NOTE, fontsize=8)
    return figure


def along_x(axes: Any, label: str) -> None:
    """Dress axes of bars that lie: what is measured goes along x."""
    axes.set_xlabel(label, color=INK, fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def along_y(axes: Any, label: str) -> None:
    """Dress axes of lines over something: what is measured goes along y."""
    axes.set_ylabel(label, color=INK, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def beside(axes: Any, x: float, y: float, text: str, color: str = INK) -> None:
    """Write a few words to the right of a place."""
    axes.annotate(
        text, (x, y), (5, 0), textcoords="offset points", va="center", fontsize=8, color=color
    )


def save(path: Path, figure: Figure) -> None:
    """Write a chart as a .png file, in one step.

    Raises:
        OutputError: The file cannot be written.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=_DOTS_PER_INCH, format="png")
    write_whole(path, buffer.getvalue())
