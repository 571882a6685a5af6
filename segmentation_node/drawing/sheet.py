"""A contact sheet: a heading, columns of panels in bands, and a legend beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import LabelSet
from segmentation_node.drawing.legend import legend
from segmentation_node.drawing.lettering import FAINT, INK, PAPER, put_text, width_of

Image = NDArray[np.uint8]

PANEL_WIDTH = 480
_GAP, _MARGIN = 8, 20
_HEADING, _CAPTION, _TITLE, _TEXT = 84, 36, 26, 17


def sheet(
    columns: Sequence[Image],
    across: int,
    labels: LabelSet,
    heading: tuple[str, str, str],
    notes: Mapping[str, str] | None = None,
) -> Image:
    """Lay columns out in bands.

    Args:
        columns: (H, PANEL_WIDTH, 3) uint8 BGR each, as `column` stacks them.
        across: Columns in a band.
        labels: The classes of the legend.
        heading: Title; subtitle; and what the panels of a column are, from the top.
        notes: What to write behind a class's name in the legend, by its name.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    width = across * (PANEL_WIDTH + _GAP) - _GAP + 2 * _MARGIN
    bands = [
        _band(columns[start : start + across], width) for start in range(0, len(columns), across)
    ]
    below = legend(labels, width, notes=notes)
    return np.vstack([_heading(heading, width), *bands, below, _space(10, width)])


def column(caption: tuple[str, str], panels: Sequence[Image]) -> Image:
    """Stack panels under a caption.

    Args:
        caption: What is said first, and what more faintly behind it.
        panels: (H, PANEL_WIDTH, 3) uint8 BGR each.

    Returns:
        (H, PANEL_WIDTH, 3) uint8 BGR.
    """
    parts = [_caption(*caption)]
    for number, panel in enumerate(panels):
        parts += [_space(_GAP // 2, PANEL_WIDTH), panel] if number else [panel]
    return np.vstack(parts)


def _band(columns: Sequence[Image], width: int) -> Image:
    band = _space(max(column.shape[0] for column in columns) + _GAP, width)
    for number, one in enumerate(columns):
        x = _MARGIN + number * (PANEL_WIDTH + _GAP)
        band[: one.shape[0], x : x + PANEL_WIDTH] = one
    return band


def _heading(texts: tuple[str, str, str], width: int) -> Image:
    title, subtitle, panels = texts
    heading = _space(_HEADING, width)
    put_text(heading, title, _MARGIN, 30, _TITLE, INK)
    put_text(heading, subtitle, _MARGIN, 64, _TEXT, FAINT)
    put_text(heading, panels, width - _MARGIN - width_of(panels, _TEXT), 64, _TEXT, FAINT)
    return heading


def _caption(first: str, more: str) -> Image:
    caption = _space(_CAPTION, PANEL_WIDTH)
    end = put_text(caption, first, 2, _CAPTION // 2, _TEXT, INK)
    put_text(caption, more, end + 12, _CAPTION // 2, _TEXT, FAINT)
    return caption


def _space(height: int, width: int) -> Image:
    return np.full((height, width, 3), PAPER, np.uint8)
