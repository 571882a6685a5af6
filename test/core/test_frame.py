from __future__ import annotations

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.core.encodings import ENCODINGS, Encoding
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError

EVERY_ENCODING = pytest.mark.parametrize("row", ENCODINGS.values(), ids=list(ENCODINGS))


@st.composite
def buffers(draw: st.DrawFn) -> tuple[Encoding, int, int, int, bool, bytes]:
    """An encoding, height, width, step, byte order, and random bytes that fit them."""
    row = draw(st.sampled_from(list(ENCODINGS.values())))
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    height *= 2 if row.is_420 else 1
    width *= 2 if row.even_width else 1
    padding = draw(st.integers(0, 9))
    step = row.row_bytes(width) + padding * (2 if row.planes else 1)
    seed = draw(st.integers(0, 2**32 - 1))
    data = np.random.default_rng(seed).integers(0, 256, step * row.rows(height), np.uint8)
    return row, height, width, step, draw(st.booleans()), data.tobytes()


def expected_pixel(
    data: bytes, row: Encoding, step: int, at: tuple[int, int], big: bool
) -> list[int]:
    start = at[0] * step + at[1] * row.channels * row.item_bytes
    raw = data[start : start + row.channels * row.item_bytes]
    if row.item_bytes == 1:
        return list(raw)
    order = "big" if big else "little"
    return [int.from_bytes(raw[at : at + 2], order) for at in range(0, len(raw), 2)]


@given(buffers(), st.data())
def test_frames_are_views_that_show_the_bytes_of_each_pixel(
    made: tuple[Encoding, int, int, int, bool, bytes], data: st.DataObject
) -> None:
    row, height, width, step, big, content = made
    frame = Frame.from_buffer(
        content,
        height=height,
        width=width,
        encoding=row.name,
        step=step,
        is_bigendian=big,
    )
    assert np.shares_memory(frame.array, np.frombuffer(content, np.uint8))
    assert frame.array.shape[:2] == (row.rows(height), step if row.planes else width)
    at = (data.draw(st.integers(0, row.rows(height) - 1)), data.draw(st.integers(0, width - 1)))
    assert np.atleast_1d(frame.array[at]).tolist() == expected_pixel(content, row, step, at, big)


@given(buffers(), st.integers(-20, 20).filter(bool))
def test_data_of_any_other_length_is_refused(
    made: tuple[Encoding, int, int, int, bool, bytes], more: int
) -> None:
    row, height, width, step, _, content = made
    wrong = content[:more] if more < 0 else content + bytes(more)
    with pytest.raises(FrameError) as error:
        Frame.from_buffer(wrong, height=height, width=width, encoding=row.name, step=step)
    assert f"{len(wrong)} bytes" in error.value.received
    assert f"{len(content)} bytes" in error.value.expected
    assert ("short" if more < 0 else "long") in error.value.fix


@pytest.mark.parametrize(
    "data",
    [
        bytes(12),
        bytearray(12),
        memoryview(bytes(12)),
        array("B", bytes(12)),
        np.zeros(12, np.uint8),
        np.zeros((2, 6), np.uint8),
    ],
    ids=lambda data: type(data).__name__,
)
def test_every_kind_of_buffer_is_read(data: bytes) -> None:
    frame = Frame.from_buffer(data, height=2, width=2, encoding="bgr8", step=6)
    assert frame.array.shape == (2, 2, 3)


@EVERY_ENCODING
def test_a_step_smaller_than_a_row_is_refused(row: Encoding) -> None:
    step = row.row_bytes(4) - 1
    with pytest.raises(FrameError, match=f"step of {step} bytes"):
        Frame.from_buffer(
            bytes(step * row.rows(2)), height=2, width=4, encoding=row.name, step=step
        )


@EVERY_ENCODING
@pytest.mark.parametrize(("height", "width"), [(0, 4), (4, 0), (0, 0)])
def test_images_without_pixels_are_refused(row: Encoding, height: int, width: int) -> None:
    with pytest.raises(FrameError, match="at least 1x1"):
        Frame.from_buffer(b"", height=height, width=width, encoding=row.name, step=width * 4)


@pytest.mark.parametrize("name", ["", "BGR8", "32FC1", "bgr10", "h264", "bayer_rggb12"])
def test_unknown_encodings_are_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(FrameError) as error:
        Frame.from_buffer(bytes(64), height=4, width=4, encoding=name, step=16)
    assert repr(name) in error.value.received
    assert "bayer_rggb8" in error.value.expected


@pytest.mark.parametrize("name", ["uyvy", "yuyv", "yuv422", "yuv422_yuy2", "nv12", "nv21", "i420"])
def test_odd_widths_are_refused_where_pixels_share_colour(name: str) -> None:
    row = ENCODINGS[name]
    data = bytes(10 * row.rows(4))
    with pytest.raises(FrameError, match="even"):
        Frame.from_buffer(data, height=4, width=5, encoding=name, step=10)


@pytest.mark.parametrize("name", ["nv12", "nv21", "i420"])
def test_odd_heights_are_refused_where_rows_share_colour(name: str) -> None:
    with pytest.raises(FrameError, match="even height"):
        Frame.from_buffer(bytes(28), height=5, width=4, encoding=name, step=4)


def test_stamp_and_frame_id_come_along() -> None:
    frame = Frame.from_buffer(
        bytes(1), height=1, width=1, encoding="mono8", step=1, stamp_ns=17, frame_id="front"
    )
    assert (frame.stamp_ns, frame.frame_id) == (17, "front")


@pytest.mark.parametrize(
    ("shape", "dtype", "encoding"),
    [
        ((3, 5, 3), "u1", "bgr8"),
        ((3, 5, 4), "u1", "rgba8"),
        ((3, 5), "u1", "mono8"),
        ((3, 5), "<u2", "mono16"),
        ((3, 5), ">u2", "mono16"),
        ((3, 6, 2), "u1", "uyvy"),
        ((6, 6), "u1", "nv12"),
        ((6, 6), "u1", "i420"),
        ((9, 5), "u1", "nv24"),
        ((3, 5, 3), ">u2", "rgb16"),
    ],
)
def test_arrays_become_frames_without_a_copy(
    shape: tuple[int, ...], dtype: str, encoding: str
) -> None:
    image = np.zeros(shape, dtype)
    frame = Frame.from_array(image, encoding, stamp_ns=3)
    assert frame.array is image
    assert (frame.height, frame.width) == (4 if encoding in {"nv12", "i420"} else 3, shape[1])
    assert frame.step == image.strides[0]
    assert frame.is_bigendian == (dtype == ">u2")


@pytest.mark.parametrize(
    ("shape", "dtype", "encoding"),
    [
        ((3, 5), "u1", "bgr8"),
        ((3, 5, 4), "u1", "bgr8"),
        ((3, 5, 3), "f4", "bgr8"),
        ((3, 5, 1), "u1", "mono8"),
        ((3, 5), "u1", "mono16"),
        ((5, 6), "u1", "nv12"),
        ((3, 5, 2), "u1", "uyvy"),
        ((0, 5, 3), "u1", "bgr8"),
        ((), "u1", "nv12"),
    ],
)
def test_arrays_that_do_not_fit_their_encoding_are_refused(
    shape: tuple[int, ...], dtype: str, encoding: str
) -> None:
    with pytest.raises(FrameError):
        Frame.from_array(np.zeros(shape, dtype), encoding)
