"""Topics that belong to another one move with it, unless they are remapped themselves."""

from __future__ import annotations

import pytest

from segmentation_node.ros.topic_names import companion


class Node:
    """As much of a node as names need: remappings, in the namespace /robot."""

    def __init__(self, **remappings: str) -> None:
        self._remappings = remappings

    def resolve_topic_name(self, name: str, *, only_expand: bool = False) -> str:
        full = name.replace("~", "/robot/node")
        full = full if full.startswith("/") else f"/robot/{full}"
        return full if only_expand else self._remappings.get(full, full)


RAW, FRONT = "/camera/image_raw", "/front/image_raw"
PACKED, INFO = f"{RAW}/compressed", "/camera/camera_info"


@pytest.mark.parametrize(
    ("remappings", "base", "name", "expected"),
    [
        ({}, RAW, PACKED, PACKED),
        ({RAW: FRONT}, RAW, PACKED, f"{FRONT}/compressed"),
        ({RAW: FRONT}, RAW, INFO, "/front/camera_info"),
        # What is remapped itself is left to ROS.
        ({RAW: FRONT, PACKED: "/jpeg"}, RAW, PACKED, PACKED),
        ({RAW: FRONT, INFO: "/calibration"}, RAW, INFO, INFO),
        ({RAW: FRONT}, RAW, RAW, RAW),
        ({RAW: FRONT, FRONT: RAW}, RAW, RAW, RAW),
        ({"/robot/image": FRONT}, "image", "image/compressed", f"{FRONT}/compressed"),
        ({"/robot/node/labels": "/s/l"}, "~/labels", "~/labels/compressed", "/s/l/compressed"),
        ({"/robot/node/labels": "/s/l"}, "~/color", "~/color/compressed", "~/color/compressed"),
    ],
)
def test_a_companion_moves_with_its_base(
    remappings: dict[str, str], base: str, name: str, expected: str
) -> None:
    assert companion(Node(**remappings), base, name) == expected  # type: ignore[arg-type]


def test_a_calibration_follows_images_of_which_only_the_compressed_topic_is_remapped() -> None:
    assert companion(Node(), RAW, INFO, moved_to=FRONT) == "/front/camera_info"  # type: ignore[arg-type]
