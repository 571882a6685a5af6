"""Our table of encodings against cv_bridge itself, on machines that have it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.errors import FrameError
from segmentation_node.ros.conversion import cv_bridge_converter, frame_of_image

cv_bridge = pytest.importorskip("cv_bridge", reason="cv_bridge is not installed")

H, W = 34, 46
# cv_bridge learnt the new names late, and reads neither planar format in any release.
OLDER_NAME = {"uyvy": "yuv422", "yuyv": "yuv422_yuy2"}
NOT_COLOURS = tuple(name for name in ENCODINGS if "UC" in name)
PLANAR = ("nv12", "nv21", "i420", "yuv420", "nv24")
COMPARED = [name for name in ENCODINGS if name not in (*NOT_COLOURS, *PLANAR)]


def message(encoding: str, *, is_bigendian: bool = False) -> Image:
    size = H * ENCODINGS[encoding].row_bytes(W)
    pixels = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    return Image(
        height=H,
        width=W,
        encoding=encoding,
        step=size // H,
        is_bigendian=int(is_bigendian),
        data=array("B", pixels.tobytes()),
    )


def theirs(image: Image, wanted: str) -> NDArray[Any]:
    image.encoding = OLDER_NAME.get(image.encoding, image.encoding)
    return np.asarray(cv_bridge.CvBridge().imgmsg_to_cv2(image, wanted))


@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("encoding", COMPARED)
def test_every_colour_is_the_one_that_cv_bridge_gives(encoding: str, is_bigendian: bool) -> None:
    ours = to_bgr(frame_of_image(message(encoding, is_bigendian=is_bigendian)))
    assert (ours == theirs(message(encoding, is_bigendian=is_bigendian), "bgr8")).all()


@pytest.mark.parametrize("encoding", NOT_COLOURS)
def test_encodings_without_colours_hold_the_same_values(encoding: str) -> None:
    ours = frame_of_image(message(encoding)).array
    assert (ours == theirs(message(encoding), "passthrough")).all()


@pytest.fixture
def fallback() -> Iterator[None]:
    cv_bridge_converter.cache_clear()
    yield
    cv_bridge_converter.cache_clear()


@pytest.mark.usefixtures("fallback")
def test_encodings_outside_the_table_go_to_cv_bridge_which_refuses_what_is_no_colour() -> None:
    image = message("bgr8")
    image.encoding = "8SC3"
    with pytest.raises(FrameError, match=r"8SC3.*the fallback could not convert"):
        to_bgr(frame_of_image(image))
