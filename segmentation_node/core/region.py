"""A region of interest: the part of the camera image that is segmented."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segmentation_node.core.geometry import LARGEST_SIDE, Rectangle
from segmentation_node.errors import ConfigError

_NUMBER = r"\s*(\d{1,5}|\d*\.\d{1,9})\s*"
_FOUR_NUMBERS = re.compile(",".join([_NUMBER] * 4))
# Fractions such as 0.1 + 0.9 need not come to 1 in binary.
_SLACK = 1e-9


@dataclass(frozen=True)
class Region:
    """A rectangle in pixels of the camera image, or in fractions of its width and height.

    Args:
        x: From the image's left edge, pixels or the fraction of its width.
        y: From the image's top edge, pixels or the fraction of its height.
        width: Pixels, or the fraction of the image's width.
        height: Pixels, or the fraction of the image's height.
        in_fractions: Whether they are fractions.
    """

    x: float
    y: float
    width: float
    height: float
    in_fractions: bool = False

    def __post_init__(self) -> None:
        limit = 1 + _SLACK if self.in_fractions else LARGEST_SIDE
        starts = self.x >= 0 and self.y >= 0 and self.width > 0 and self.height > 0
        if not starts or self.x + self.width > limit or self.y + self.height > limit:
            raise ConfigError(
                received=f"the region {self}",
                expected="x,y,width,height with pixels in it"
                f", and all of it between 0 and {1 if self.in_fractions else LARGEST_SIDE}",
                fix="correct roi: fractions have decimal points, such as 0.0,0.4,1.0,0.6",
            )

    def __str__(self) -> str:
        sides = (self.x, self.y, self.width, self.height)
        return ",".join(str(float(side)) if self.in_fractions else f"{side:g}" for side in sides)

    @classmethod
    def parse(cls, text: str) -> Region:
        """Read a region written as `x,y,width,height`.

        Whole numbers are pixels. Where one of the four has a decimal point, all are fractions.

        Raises:
            ConfigError: The text is no region.
        """
        match = _FOUR_NUMBERS.fullmatch(text)
        if match is None:
            raise ConfigError(
                received=f"the region {text!r}",
                expected="x,y,width,height in pixels, or in fractions such as 0.0,0.4,1.0,0.6",
                fix="write four numbers with commas between them",
            )
        x, y, width, height = (float(number) for number in match.groups())
        return cls(x, y, width, height, in_fractions="." in text)

    def rectangle(self, image_height: int, image_width: int) -> Rectangle:
        """The region in pixels of an image.

        Fractions are rounded to whole pixels, to one at least; pixels stay as they are, also
        where the image has none: whoever fits the image refuses that.

        Args:
            image_height: Pixels.
            image_width: Pixels.
        """
        if not self.in_fractions:
            return Rectangle(int(self.x), int(self.y), int(self.width), int(self.height))
        left, width = _rounded(self.x, self.width, image_width)
        top, height = _rounded(self.y, self.height, image_height)
        return Rectangle(left, top, width, height)

    def image_to_hold(self, image_height: int, image_width: int) -> tuple[int, int]:
        """Height and width of an image at least as large that holds the region.

        Args:
            image_height: Pixels.
            image_width: Pixels.
        """
        if self.in_fractions:
            return image_height, image_width
        bottom, right = int(self.y + self.height), int(self.x + self.width)
        return max(image_height, bottom), max(image_width, right)


def _rounded(start: float, length: float, pixels: int) -> tuple[int, int]:
    first = min(int(start * pixels + 0.5), pixels - 1)
    last = min(int((start + length) * pixels + 0.5), pixels)
    return first, max(last - first, 1)
