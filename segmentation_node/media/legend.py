"""The legend as an image, for viewers that show nothing but images."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import LabelSet

_LINE, _CHIP, _GAP = 28, 18, 10  # pixels
_PAPER, _INK, _EDGE = (22, 25, 30), (232, 235, 238), (150, 158, 165)  # RGB
_FACE, _SCALE, _THICKNESS = cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1


def legend_image(labels: LabelSet) -> NDArray[np.uint8]:
    """Draw a line for each class and for no class: a chip in its colour, and its name.

    The letters are OpenCV's: the node, which publishes this, runs without a library that draws
    better ones. `drawing.legend` is for pictures that are kept.

    Args:
        labels: What label images hold.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    names = [label.name for label in labels.listed]
    width = max(cv2.getTextSize(name, _FACE, _SCALE, _THICKNESS)[0][0] for name in names)
    shape = (_LINE * len(names) + _GAP, 3 * _GAP + _CHIP + width, 3)
    image = np.full(shape, _PAPER, np.uint8)
    for number, label in enumerate(labels.listed):
        top = _GAP + _LINE * number
        corners = (_GAP, top), (_GAP + _CHIP, top + _CHIP)
        cv2.rectangle(image, *corners, label.color, cv2.FILLED)
        # Black would vanish on the paper.
        cv2.rectangle(image, *corners, _EDGE, 1)
        where = (2 * _GAP + _CHIP, top + _CHIP - 4)
        cv2.putText(image, label.name, where, _FACE, _SCALE, _INK, _THICKNESS, cv2.LINE_AA)
    return image
