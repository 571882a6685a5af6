"""Where results lie on the camera image: at its own size, or at the network's."""

from __future__ import annotations

from dataclasses import dataclass

from segmentation_node.core.geometry import Fit


@dataclass(frozen=True)
class Window:
    """The rectangle of the camera image that a result shows, and the size of the result's pixels.

    The centre of the result's pixel in row v and column u lies `x + (u + 0.5) * scale_x` camera
    pixels from the camera image's left edge, and `y + (v + 0.5) * scale_y` from its top edge.

    Args:
        image_height: Pixels of the camera image.
        image_width: Pixels of the camera image.
        height: Pixels of the result.
        width: Pixels of the result.
        x: Camera pixels from the camera image's left edge to the result's.
        y: Camera pixels from the camera image's top edge to the result's.
        scale_x: Camera pixels per pixel of the result, along a row.
        scale_y: Camera pixels per pixel of the result, along a column.
    """

    image_height: int
    image_width: int
    height: int
    width: int
    x: float = 0.0
    y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0

    @classmethod
    def of(cls, fit: Fit, result: Fit) -> Window:
        """How a result lies on the camera image.

        Args:
            fit: How the camera image was fitted.
            result: The same canvas as the result sees it: `fit` itself, or `at_network_size`.
        """
        scale_x = fit.canvas_width / result.canvas_width
        scale_y = fit.canvas_height / result.canvas_height
        return cls(
            image_height=fit.image_height,
            image_width=fit.image_width,
            height=result.image_height,
            width=result.image_width,
            x=fit.canvas_x - result.canvas_x * scale_x,
            y=fit.canvas_y - result.canvas_y * scale_y,
            scale_x=scale_x,
            scale_y=scale_y,
        )

    @property
    def is_image(self) -> bool:
        """Whether the result shows the camera image pixel by pixel."""
        image = self.image_height, self.image_width
        return self == Window(*image, *image)


def at_network_size(fit: Fit) -> Fit:
    """The same canvas in pixels of the network's input, with its padding left out.

    What remains are the pixels of the input whose centres lie on the image (one at least), so
    that what is worked out for them is no other than for a camera image of that size.

    Args:
        fit: How the camera image is fitted.

    Returns:
        A fit whose image is that part of the input.
    """
    rows, columns = fit.canvas_part
    seen_rows = _pixels_on(rows, fit.canvas_height, fit.network.height)
    seen_columns = _pixels_on(columns, fit.canvas_width, fit.network.width)
    return Fit(
        image_height=seen_rows.stop - seen_rows.start,
        image_width=seen_columns.stop - seen_columns.start,
        canvas_x=-seen_columns.start,
        canvas_y=-seen_rows.start,
        canvas_height=fit.network.height,
        canvas_width=fit.network.width,
        network=fit.network,
        align_corners=fit.align_corners,
    )


def _pixels_on(part: slice, canvas: int, network: int) -> slice:
    """Those of `network` pixels along a canvas whose centres lie on a part of it."""
    # (i + 1/2) * canvas / network >= start, in whole numbers: the same pixels on every machine.
    first, last = (
        -((canvas - 2 * edge * network) // (2 * canvas)) for edge in (part.start, part.stop)
    )
    if first < last:
        return slice(first, last)
    nearest = min((part.start + part.stop) * network // (2 * canvas), network - 1)
    return slice(nearest, nearest + 1)
