"""Text on images, in a real typeface: OpenCV's own letters are strokes without one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray

Color = tuple[int, int, int]

INK: Color = (238, 235, 232)
FAINT: Color = (165, 158, 150)
PAPER: Color = (30, 25, 22)


@lru_cache(maxsize=512)
def text_mask(text: str, size: int, bold: bool = False) -> NDArray[np.uint8]:
    """Draw a line of text.

    Args:
        text: One line.
        size: Height of the letters, pixels.
        bold: Whether in the bold face.

    Returns:
        (H, W) uint8, how much ink lies on each pixel; cut close around the text.
    """
    font = FT2Font(str(_face(bold)))
    font.set_size(size, 72.0)
    font.set_text(text, 0.0)
    font.draw_glyphs_to_bitmap(antialiased=True)
    mask = np.array(font.get_image(), np.uint8)
    mask.setflags(write=False)
    return mask


def put_text(
    image: NDArray[np.uint8], text: str, x: int, middle: int, size: int, color: Color = INK
) -> int:
    """Write a line of text into an image.

    Args:
        image: (H, W, 3) uint8 BGR, changed in place.
        text: One line; what does not fit is cut off.
        x: Column at which it begins, pixels.
        middle: Row through the middle of its letters, pixels.
        size: Height of the letters, pixels.
        color: BGR.

    Returns:
        The column after its end.
    """
    ink = text_mask(text, size)
    # Lines stand alike whether or not they hold letters that reach below: placed by a capital.
    top = middle - text_mask("H", size).shape[0] // 2 - _rise(text, size)
    ink = ink[: max(0, image.shape[0] - top), : max(0, image.shape[1] - x)]
    part = image[top : top + ink.shape[0], x : x + ink.shape[1]]
    share = ink[..., None].astype(np.float32) / 255
    part[:] = np.rint(part + share * (np.array(color, np.float32) - part)).astype(np.uint8)
    return x + int(ink.shape[1])


def width_of(text: str, size: int) -> int:
    """How wide a line of text is, pixels."""
    return int(text_mask(text, size).shape[1])


def _rise(text: str, size: int) -> int:
    """How far a text reaches above its capitals, pixels."""
    return _above_baseline(text, size) - _above_baseline("H", size)


@lru_cache(maxsize=512)
def _above_baseline(text: str, size: int) -> int:
    font = FT2Font(str(_face(bold=False)))
    font.set_size(size, 72.0)
    font.set_text(text, 0.0)
    return int(font.get_width_height()[1] - font.get_descent()) // 64


def _face(bold: bool) -> Path:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name
