"""From the node's legend to what the page says of it."""

from __future__ import annotations

from typing import Any

from segmentation_node.errors import FrameError
from segmentation_node.fields import parse_json

MOST_CLASSES = 256
"""A label image can tell no more apart."""


def page_legend(text: str) -> dict[str, Any]:
    """What the page is told of one legend.

    Args:
        text: The JSON of `~/legend`, as whoever publishes there has sent it.

    Raises:
        FrameError: It is none: the page could not draw it.
    """
    try:
        classes = [_page_class(one) for one in parse_json(text)["classes"][:MOST_CLASSES]]
    # JSON can hold many things that are no legend: each fails in its own way.
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise FrameError(
            received=f"the legend {_shortened(text)!r}",
            expected="JSON with classes, each with a name and a color of three numbers",
            fix="see who else publishes on the node's legend topic (ros2 topic info -v)",
        ) from error
    return {"classes": classes}


def _page_class(one: Any) -> dict[str, Any]:
    red, green, blue = (int(value) for value in one["color"])
    return {"name": str(one["name"]), "color": [red, green, blue]}


def _shortened(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
