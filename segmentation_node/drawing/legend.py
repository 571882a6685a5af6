"""The legend of the pictures: a chip in the colour of each class, and its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import Label, LabelSet
from segmentation_node.drawing.lettering import FAINT, INK, PAPER, put_text, width_of

_GAP, _CHIP_GAP, _MARGIN = 22, 7, 20


@dataclass(frozen=True)
class _Entry:
    """A class as the legend shows it."""

    label: Label
    note: str

    def width(self, size: int) -> int:
        """Pixels that the entry takes."""
        note = width_of(self.note, size) + _CHIP_GAP if self.note else 0
        return size + _CHIP_GAP + width_of(self.label.name, size) + note + _GAP


def legend(
    labels: LabelSet, width: int, size: int = 17, notes: Mapping[str, str] | None = None
) -> NDArray[np.uint8]:
    """Draw the legend of a label set, in as many lines as it takes.

    Args:
        labels: The classes.
        width: Pixels.
        size: Height of the letters, pixels.
        notes: What to write behind a class's name, by its name; nothing where missing.

    Returns:
        (H, width, 3) uint8 BGR, of an even height.
    """
    entries = [_Entry(label, (notes or {}).get(label.name, "")) for label in labels.classes]
    lines = _lines(entries, width - 2 * _MARGIN, size)
    line_height = 2 * (size * 9 // 10)
    image = np.full((line_height * len(lines) + 2 * (size // 2), width, 3), PAPER, np.uint8)
    for number, line in enumerate(lines):
        _draw_line(image, line, size // 2 + line_height * number + line_height // 2, size)
    return image


def _lines(entries: list[_Entry], width: int, size: int) -> list[list[_Entry]]:
    lines: list[list[_Entry]] = [[]]
    room = width
    for entry in entries:
        needed = entry.width(size)
        if needed > room and lines[-1]:
            lines.append([])
            room = width
        lines[-1].append(entry)
        room -= needed
    return lines


def _draw_line(image: NDArray[np.uint8], line: list[_Entry], middle: int, size: int) -> None:
    x = max(_MARGIN, (image.shape[1] - sum(entry.width(size) for entry in line) + _GAP) // 2)
    for entry in line:
        _draw_chip(image, entry.label, x, middle, size)
        end = put_text(image, entry.label.name, x + size + _CHIP_GAP, middle, size, INK)
        if entry.note:
            put_text(image, entry.note, end + _CHIP_GAP, middle, size, FAINT)
        x += entry.width(size)


def _draw_chip(image: NDArray[np.uint8], label: Label, x: int, middle: int, size: int) -> None:
    chip = image[middle - size // 2 : middle + size - size // 2, x : x + size]
    chip[:] = FAINT  # an edge, or black would vanish on the dark paper
    chip[1:-1, 1:-1] = label.color[::-1]
