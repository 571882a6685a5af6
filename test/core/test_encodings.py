from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, set_fallback, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError

H, W = 6, 8


def picture(height: int = H, width: int = W) -> NDArray[np.uint8]:
    """A smooth BGR image: what survives the loss of colour resolution in YUV and Bayer."""
    y, x = np.mgrid[0:height, 0:width]
    planes = (60 + 20 * np.sin(y / 9), 120 + 40 * np.cos(x / 7), 180 + 30 * np.sin((x + y) / 11))
    return np.stack(planes, axis=2).astype(np.uint8)


def padded(rows: NDArray[np.uint8], padding: int) -> tuple[bytes, int]:
    """The rows' bytes, each followed by `padding` bytes of noise, and the step."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (len(flat), padding), np.uint8)
    return np.hstack([flat, noise]).tobytes(), flat.shape[1] + padding


def read(
    rows: NDArray[np.uint8], encoding: str, *, padding: int = 5, is_bigendian: bool = False
) -> NDArray[np.uint8]:
    data, step = padded(rows, padding)
    height = len(rows) * 2 // 3 if encoding.startswith("nv") else len(rows)
    width = (step - padding) // ENCODINGS[encoding].row_bytes(1)
    frame = Frame.from_buffer(
        data,
        height=height,
        width=width,
        encoding=encoding,
        step=step,
        is_bigendian=is_bigendian,
    )
    return to_bgr(frame)


@pytest.mark.parametrize("padding", [0, 1, 5])
@pytest.mark.parametrize("encoding", ["bgr8", "rgb8", "bgra8", "rgba8", "8UC3"])
def test_packed_colours_come_back_exactly(encoding: str, padding: int) -> None:
    bgr = picture()
    order = {"b": 0, "g": 1, "r": 2}
    letters = "bgr" if encoding == "8UC3" else encoding[:3]
    rows = bgr[:, :, [order[letter] for letter in letters]]
    if "a8" in encoding:
        rows = np.dstack([rows, np.full((H, W), 77, np.uint8)])
    assert (read(rows, encoding, padding=padding) == bgr).all()


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(encoding: str) -> None:
    grey = picture()[:, :, 0]
    assert (read(grey, encoding) == grey[:, :, None]).all()


@pytest.mark.parametrize("order", [">u2", "<u2"])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_sixteen_bits_scale_as_cv_bridge_does_in_either_byte_order(
    order: str, padding: int
) -> None:
    values = np.linspace(0, 65535, H * W).astype(order).reshape(H, W)
    bgr = read(values, "mono16", padding=padding, is_bigendian=order == ">u2")
    # cv_bridge: Mat::convertTo with the factor 255 / 65535, which rounds.
    expected = np.rint(values.astype(np.float64) * (255 / 65535)).astype(np.uint8)
    assert (bgr == expected[:, :, None]).all()


def test_every_sixteen_bit_value_is_rounded_to_the_nearest() -> None:
    values = np.arange(65536, dtype="<u2").reshape(256, 256)
    nearest = (values.astype(int) + 128) // 257
    assert (read(values, "mono16") == nearest[:, :, None]).all()


def test_sixteen_bits_reach_from_black_to_white() -> None:
    values = np.array([[0, 128, 129, 65535]], np.uint16)
    assert read(values.astype("<u2"), "mono16")[0, :, 0].tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns_name_the_first_two_rows(pattern: str) -> None:
    bgr = picture(32, 48)
    mosaic = np.empty(bgr.shape[:2], np.uint8)
    for place, letter in enumerate(pattern):
        at = (slice(place // 2, None, 2), slice(place % 2, None, 2))
        mosaic[at] = bgr[(*at, "bgr".index(letter))]
    seen = read(mosaic, f"bayer_{pattern}8").astype(int)
    # OpenCV leaves the outermost pixels to copies of their neighbours.
    assert abs(seen - bgr)[1:-1, 1:-1].max() <= 4


def i420(bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    planes = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    height, width = bgr.shape[:2]
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], chroma[0], chroma[1]


@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_two_planes_of_yuv_come_back_as_the_picture(encoding: str) -> None:
    bgr = picture(32, 48)
    y, u, v = i420(bgr)
    pair = (u, v) if encoding == "nv12" else (v, u)
    rows = np.vstack([y, np.stack(pair, axis=2).reshape(len(u), -1)])
    assert abs(read(rows, encoding).astype(int) - bgr).max() <= 8


@pytest.mark.parametrize("encoding", ["uyvy", "yuv422", "yuyv", "yuv422_yuy2"])
def test_packed_yuv_comes_back_as_the_picture(encoding: str) -> None:
    bgr = picture(32, 48)
    y, u, v = i420(bgr)
    colour = np.empty_like(y)
    colour[:, 0::2], colour[:, 1::2] = np.repeat(u, 2, axis=0), np.repeat(v, 2, axis=0)
    first = (colour, y) if encoding in {"uyvy", "yuv422"} else (y, colour)
    assert abs(read(np.stack(first, axis=2), encoding).astype(int) - bgr).max() <= 8


@pytest.mark.parametrize("names", [("uyvy", "yuv422"), ("yuyv", "yuv422_yuy2")])
def test_deprecated_names_mean_the_same(names: tuple[str, str]) -> None:
    rows = np.random.default_rng(1).integers(0, 256, (H, W, 2), np.uint8)
    assert (read(rows, names[0]) == read(rows, names[1])).all()


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_output_is_written_where_it_is_asked_for(encoding: str) -> None:
    row = ENCODINGS[encoding]
    data = np.random.default_rng(2).integers(0, 256, row.rows(H) * row.row_bytes(W), np.uint8)
    frame = Frame.from_buffer(data, height=H, width=W, encoding=encoding, step=row.row_bytes(W))
    expected = to_bgr(frame).copy()
    for out in (np.zeros((H, W, 3), np.uint8), np.zeros((H, 2 * W, 3), np.uint8)[:, ::2]):
        assert to_bgr(frame, out) is out
        assert (out == expected).all()


@pytest.mark.parametrize("encoding", ["bgr8", "8UC3"])
def test_bgr_is_not_copied(encoding: str) -> None:
    data = bytes(H * W * 3)
    frame = Frame.from_buffer(data, height=H, width=W, encoding=encoding, step=W * 3)
    assert np.shares_memory(to_bgr(frame), np.frombuffer(data, np.uint8))


@pytest.mark.parametrize("out", [np.zeros((H, W), np.uint8), np.zeros((H, W, 3), np.float32)])
def test_outputs_of_another_shape_are_refused(out: NDArray[np.uint8]) -> None:
    frame = Frame.from_array(picture())
    with pytest.raises(FrameError, match="output array"):
        to_bgr(frame, out)


@pytest.fixture
def foreign() -> Iterator[Frame]:
    """A frame in an encoding that only a fallback knows."""
    set_fallback(lambda frame: np.repeat(frame.array[:, :W, None], 3, axis=2))
    yield Frame.from_buffer(bytes(range(H * W)), height=H, width=W, encoding="8SC1", step=W)
    set_fallback(None)


def test_encodings_outside_the_table_go_through_the_fallback(foreign: Frame) -> None:
    assert foreign.array.shape == (H, W)
    assert to_bgr(foreign)[1, 2].tolist() == [W + 2] * 3


def test_data_of_the_wrong_length_is_refused_before_the_fallback_sees_it(foreign: Frame) -> None:
    with pytest.raises(FrameError, match="bytes"):
        Frame.from_buffer(bytes(3), height=H, width=W, encoding=foreign.encoding, step=W)


def test_what_a_fallback_raises_is_an_error_of_the_frame(foreign: Frame) -> None:
    def fail(frame: Frame) -> NDArray[np.uint8]:
        raise TypeError("no such\nconversion")

    set_fallback(fail)
    with pytest.raises(FrameError, match=r"8SC1.*no such conversion"):
        to_bgr(foreign)


def test_what_a_fallback_gives_must_be_bgr_of_the_frames_size(foreign: Frame) -> None:
    set_fallback(lambda frame: np.zeros((H, W), np.uint8))
    with pytest.raises(FrameError, match="uint8"):
        to_bgr(foreign)
