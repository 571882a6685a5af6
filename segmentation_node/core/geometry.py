"""How a camera image is fitted to a network: one rectangle, the canvas, stretched to its input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from segmentation_node.errors import ConfigError, FrameError

LARGEST_SIDE = 16384
"""Pixels; sides beyond this are taken for a mistake, before memory is asked for them."""

LARGEST_CANVAS = 2**27
"""Pixels; a letterboxed sliver of an image would otherwise ask for gigabytes of padding."""


class FitMode(str, Enum):
    """The ways of fitting an image to the network's input.

    STRETCH: The whole image fills the input; its aspect ratio is not kept.
    LETTERBOX: The whole image is centred in the input, with padding on two sides.
    CROP: The largest centred part of the image that has the input's aspect ratio fills it.
    """

    STRETCH = "stretch"
    LETTERBOX = "letterbox"
    CROP = "crop"


@dataclass(frozen=True, order=True)
class NetworkSize:
    """Size of the network's input.

    Args:
        height: Pixels.
        width: Pixels.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        if not (0 < self.height <= LARGEST_SIDE and 0 < self.width <= LARGEST_SIDE):
            raise ConfigError(
                received=f"the network size {self} ({self.in_words})",
                expected=f"a height and a width from 1 to {LARGEST_SIDE} pixels",
                fix="write it as HEIGHTxWIDTH, such as 512x1024: 512 high, 1024 wide",
            )

    def __str__(self) -> str:
        return f"{self.height}x{self.width}"

    @property
    def in_words(self) -> str:
        """Which number is which, such as `512 high, 1024 wide`."""
        return f"{self.height} high, {self.width} wide"

    def lies_across(self, image_height: int, image_width: int) -> bool:
        """Whether it is upright and the image is not, or the other way round."""
        return (self.height - self.width) * (image_height - image_width) < 0

    @classmethod
    def parse(cls, text: str) -> NetworkSize:
        """Read a size written as HEIGHTxWIDTH, such as `512x1024`.

        Raises:
            ConfigError: The text is no size.
        """
        match = re.fullmatch(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*", text)
        if match is None:
            raise ConfigError(
                received=f"the network size {text!r}",
                expected="HEIGHTxWIDTH in pixels, such as 512x1024: 512 high, 1024 wide",
                fix="write two whole numbers with an x between them",
            )
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class Rectangle:
    """Whole pixels of an image.

    Args:
        x: Pixels from the image's left edge.
        y: Pixels from the image's top edge.
        width: Pixels.
        height: Pixels.
    """

    x: int
    y: int
    width: int
    height: int

    def lies_in(self, image_height: int, image_width: int) -> bool:
        """Whether it has pixels, and the image has all of them."""
        begins = self.x >= 0 and self.y >= 0 and self.width > 0 and self.height > 0
        ends = self.x + self.width <= image_width and self.y + self.height <= image_height
        return begins and ends


@dataclass(frozen=True)
class Fit:
    """A canvas: a rectangle in whole camera pixels that is stretched to the network's input.

    The part of the canvas that lies outside the image is padding; the part of the image that lies
    outside the canvas is not seen by the network and gets no class. Where only a region of the
    image is to be seen, everything outside the region is treated as if the image ended there.

    Args:
        image_height: Pixels of the camera image.
        image_width: Pixels of the camera image.
        canvas_x: Pixels from the image's left edge to the canvas's; negative left of the image.
        canvas_y: Pixels from the image's top edge to the canvas's; negative above the image.
        canvas_height: Camera pixels.
        canvas_width: Camera pixels.
        network: Size that the canvas is stretched to.
        region: The part of the image that is seen; all of it where None.
        align_corners: Whether the outermost logits lie on the outermost pixels of the network's
            input, as in torch's interpolate(align_corners=True), and not half a stride inside.
    """

    image_height: int
    image_width: int
    canvas_x: int
    canvas_y: int
    canvas_height: int
    canvas_width: int
    network: NetworkSize
    region: Rectangle | None = None
    align_corners: bool = False

    def __post_init__(self) -> None:
        self._check_region()
        too_small = self.canvas_height < 1 or self.canvas_width < 1
        if too_small or self.canvas_height * self.canvas_width > LARGEST_CANVAS:
            raise FrameError(
                received=f"a canvas of {self.canvas_height}x{self.canvas_width} pixels for an "
                f"image of {self.image_height}x{self.image_width}",
                expected=f"1 to {LARGEST_CANVAS} pixels",
                fix="use an image less narrow, or another way of fitting",
            )
        rows, columns = self.image_part
        if rows.start >= rows.stop or columns.start >= columns.stop:
            raise FrameError(
                received=f"a canvas at x={self.canvas_x}, y={self.canvas_y}, beside the image",
                expected=f"one that touches the {self.image_height}x{self.image_width} image",
                fix="move the canvas onto the image",
            )

    def _check_region(self) -> None:
        region = self.region
        if region is not None and not region.lies_in(self.image_height, self.image_width):
            raise FrameError(
                received=f"the region {region.width}x{region.height} at x={region.x}, "
                f"y={region.y} (width x height) for an image {self.image_width} pixels wide and "
                f"{self.image_height} high",
                expected="a region inside the image",
                fix="correct roi, or give it in fractions of the image",
            )

    @property
    def image_part(self) -> tuple[slice, slice]:
        """Rows and columns of the image that the canvas covers, inside the region."""
        seen = self.region or Rectangle(0, 0, self.image_width, self.image_height)
        return (
            _overlap(self.canvas_y, self.canvas_height, seen.y, seen.height),
            _overlap(self.canvas_x, self.canvas_width, seen.x, seen.width),
        )

    @property
    def canvas_part(self) -> tuple[slice, slice]:
        """Rows and columns of the canvas that hold image; the rest of it is padding."""
        rows, columns = self.image_part
        return _moved(rows, -self.canvas_y), _moved(columns, -self.canvas_x)

    @property
    def is_padded(self) -> bool:
        """Whether part of the canvas lies outside the image."""
        rows, columns = self.canvas_part
        whole = (slice(0, self.canvas_height), slice(0, self.canvas_width))
        return (rows, columns) != whole

    @property
    def covers_image(self) -> bool:
        """Whether the network sees every pixel of the image."""
        return self.image_part == (slice(0, self.image_height), slice(0, self.image_width))


def fit(
    mode: FitMode | str,
    image_height: int,
    image_width: int,
    network: NetworkSize,
    region: Rectangle | None = None,
) -> Fit:
    """Fit an image, or a region of it, to the network's input.

    The canvas is rounded to whole camera pixels, so its aspect ratio is the network's to within
    a pixel. Where a centred canvas leaves an odd number of pixels over, the extra one is at the
    bottom or at the right.

    Args:
        mode: How to fit.
        image_height: Pixels of the camera image.
        image_width: Pixels of the camera image.
        network: Size of the network's input.
        region: The part of the image that is fitted; all of it where None.

    Raises:
        FrameError: The image has no pixels, or the region is not inside it.
    """
    if image_height < 1 or image_width < 1:
        raise FrameError(
            received=f"an image {image_width} wide, {image_height} high",
            expected="at least 1x1",
            fix="check the camera driver: it sends empty images",
        )
    seen = region or Rectangle(0, 0, image_width, image_height)
    height, width = _canvas_size(FitMode(mode), seen.height, seen.width, network)
    x = seen.x + _centred(seen.width - width)
    y = seen.y + _centred(seen.height - height)
    return Fit(image_height, image_width, x, y, height, width, network, region)


def _canvas_size(
    mode: FitMode, image_height: int, image_width: int, network: NetworkSize
) -> tuple[int, int]:
    if mode is FitMode.STRETCH:
        return image_height, image_width
    image_is_wider = image_width * network.height > image_height * network.width
    keep_width = image_is_wider == (mode is FitMode.LETTERBOX)
    # Integer arithmetic, rounding halves up: the same rectangle on every machine.
    if keep_width:
        height = (2 * image_width * network.height + network.width) // (2 * network.width)
        return max(height, 1), image_width
    width = (2 * image_height * network.width + network.height) // (2 * network.height)
    return image_height, max(width, 1)


def _centred(rest: int) -> int:
    return rest // 2 if rest >= 0 else -(-rest // 2)


def _overlap(start: int, length: int, first: int, extent: int) -> slice:
    return slice(max(start, first), min(start + length, first + extent))


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)
