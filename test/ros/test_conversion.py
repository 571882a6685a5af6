"""Messages to frames and back: nothing is copied, and what is no image is refused."""

from __future__ import annotations

import sys
from array import array
from types import ModuleType

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError
from segmentation_node.media.codec import encode_jpeg, encode_png
from segmentation_node.ros.conversion import (
    ImageMessage,
    cv_bridge_converter,
    frame_of_compressed,
    frame_of_image,
)


def picture(height: int = 6, width: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def image(pixels: np.ndarray, encoding: str = "bgr8", **changed: object) -> Image:
    fields = {
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "step": pixels.strides[0],
        "encoding": encoding,
        "data": array("B", pixels.tobytes()),
        **changed,
    }
    message = Image()
    for name, value in fields.items():
        setattr(message, name, value)
    message.header.stamp.sec, message.header.stamp.nanosec = 12, 345
    message.header.frame_id = "front"
    return message


def test_a_frame_views_the_data_of_the_message() -> None:
    message = image(picture())
    frame = frame_of_image(message)
    assert np.shares_memory(frame.array, np.frombuffer(message.data, np.uint8))
    np.testing.assert_array_equal(to_bgr(frame), picture())
    assert (frame.stamp_ns, frame.frame_id) == (12_000_000_345, "front")


def test_rows_may_be_longer_than_their_pixels() -> None:
    pixels = picture()
    padded = np.zeros((6, 30), np.uint8)
    padded[:, :24] = pixels.reshape(6, 24)
    frame = frame_of_image(image(pixels, step=30, data=array("B", padded.tobytes())))
    np.testing.assert_array_equal(to_bgr(frame), pixels)


def test_the_byte_order_of_the_message_counts() -> None:
    values = (np.arange(48).reshape(6, 8) * 1000).astype(">u2")
    frame = frame_of_image(image(values, "mono16", is_bigendian=1))
    np.testing.assert_array_equal(frame.array, values)


BAD_IMAGES = {
    "data too short": ({"data": array("B", bytes(143))}, "143 bytes"),
    "data too long": ({"data": array("B", bytes(145))}, "145 bytes"),
    "step too small": ({"step": 23}, "step of 23"),
    "no rows": ({"height": 0, "data": array("B")}, "8 wide, 0 high"),
    "no columns": ({"width": 0}, "0 wide, 6 high"),
    "unknown encoding": ({"encoding": "yuv1234"}, "yuv1234"),
    "no encoding": ({"encoding": ""}, "''"),
}


@pytest.mark.parametrize(("changed", "named"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_what_is_no_image_is_refused_by_name(changed: dict[str, object], named: str) -> None:
    with pytest.raises(FrameError) as refusal:
        frame_of_image(image(picture(), **changed))
    assert named in refusal.value.received


@pytest.mark.parametrize("encode", [encode_jpeg, encode_png])
def test_compressed_images_are_decoded(encode) -> None:
    message = CompressedImage(format="whatever it says")
    message.data = array("B", encode(picture()))
    message.header.frame_id = "front"
    frame = frame_of_compressed(message)
    assert (frame.height, frame.width, frame.encoding) == (6, 8, "bgr8")
    assert frame.frame_id == "front"
    if encode is encode_png:
        np.testing.assert_array_equal(to_bgr(frame), picture())


@pytest.mark.parametrize(
    ("form", "encoding"),
    [
        ("bayer_rggb8; png compressed ", "bayer_rggb8"),
        ("mono8; png compressed ", "mono8"),
        ("png", "mono8"),
    ],
)
def test_the_format_says_what_the_channels_of_a_compressed_image_are(
    form: str, encoding: str
) -> None:
    message = CompressedImage(format=form, data=array("B", encode_png(picture()[..., 0].copy())))
    assert frame_of_compressed(message).encoding == encoding


def test_a_png_of_rgb_keeps_red_red() -> None:
    # As compressed_image_transport writes rgb8: the channels in the order of the message.
    content = encode_png(picture()[..., ::-1].copy())
    message = CompressedImage(format="rgb8; png compressed ", data=array("B", content))
    frame = frame_of_compressed(message)
    assert frame.encoding == "rgb8"
    np.testing.assert_array_equal(to_bgr(frame), picture())


@pytest.mark.parametrize("data", [b"", b"no image", encode_jpeg(picture(64, 64))[:-200]])
def test_damaged_compressed_images_are_refused_with_their_format(data: bytes) -> None:
    message = CompressedImage(format="bgr8; jpeg compressed bgr8")
    message.data = array("B", data)
    with pytest.raises(FrameError, match="jpeg compressed"):
        frame_of_compressed(message)


def test_what_is_written_to_the_view_is_the_data_of_the_message() -> None:
    outgoing = ImageMessage("rgb8", 3)
    outgoing.view(6, 8)[:] = picture()
    message = outgoing.message
    assert (message.height, message.width, message.step) == (6, 8, 24)
    assert message.data.tobytes() == picture().tobytes()


def test_the_memory_is_kept_until_the_size_changes() -> None:
    outgoing = ImageMessage("mono8", 1)
    first = outgoing.view(6, 8)
    assert outgoing.view(6, 8) is first
    smaller = outgoing.view(3, 4)
    assert smaller.shape == (3, 4)
    assert len(outgoing.message.data) == 12 == outgoing.message.step * 3


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch):
    """A stand-in for cv_bridge that knows one encoding of its own."""

    class CvBridge:
        def imgmsg_to_cv2(self, message: Image, encoding: str) -> np.ndarray:
            assert (message.encoding, encoding) == ("64FC3", "bgr8")
            values = np.frombuffer(message.data, np.float64)
            return values.reshape(message.height, message.width, 3).astype(np.uint8)

    module = ModuleType("cv_bridge")
    module.CvBridge = CvBridge  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cv_bridge", module)
    cv_bridge_converter.cache_clear()
    yield
    cv_bridge_converter.cache_clear()


@pytest.mark.usefixtures("bridge")
def test_cv_bridge_takes_the_encodings_outside_the_table() -> None:
    values = picture().astype(np.float64)
    frame = frame_of_image(image(values, "64FC3"))
    np.testing.assert_array_equal(to_bgr(frame), picture())


def test_a_cv_bridge_that_cannot_be_imported_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("cv_bridge")
    monkeypatch.setitem(sys.modules, "cv_bridge", broken)
    cv_bridge_converter.cache_clear()
    assert cv_bridge_converter() is None
    cv_bridge_converter.cache_clear()


@pytest.mark.usefixtures("bridge")
def test_what_core_reads_does_not_depend_on_what_was_read_before() -> None:
    frame_of_image(image(picture().astype(np.float64), "64FC3"))
    with pytest.raises(FrameError, match="64FC3"):
        Frame.from_buffer(bytes(6 * 8 * 24), height=6, width=8, encoding="64FC3", step=8 * 24)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_of_the_table_is_read_without_cv_bridge(encoding: str) -> None:
    row = ENCODINGS[encoding]
    step = row.row_bytes(8)
    data = array("B", bytes(step * row.rows(6)))
    frame = frame_of_image(image(picture(), encoding, step=step, data=data))
    assert frame.fallback is None
    assert to_bgr(frame).shape == (6, 8, 3)
