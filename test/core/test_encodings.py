from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, ToBgr, to_bgr
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


def packed(bgr: NDArray[np.uint8], encoding: str) -> NDArray[np.uint8]:
    """The picture's channels in the order of an encoding, with alpha where it has that."""
    order = {"b": 0, "g": 1, "r": 2}
    letters = "bgr" if "UC" in encoding else encoding[:3]
    rows = bgr[:, :, [order[letter] for letter in letters]]
    if ENCODINGS[encoding].channels == 4:
        rows = np.dstack([rows, np.full(rows.shape[:2], 77, np.uint8)])
    return rows


def read(
    rows: NDArray[np.uint8], encoding: str, *, padding: int = 5, is_bigendian: bool = False
) -> NDArray[np.uint8]:
    data, step = padded(rows, padding)
    height = ENCODINGS[encoding].height(len(rows))
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
@pytest.mark.parametrize("encoding", ["bgr8", "rgb8", "bgra8", "rgba8", "8UC3", "8UC4"])
def test_packed_colours_come_back_exactly(encoding: str, padding: int) -> None:
    assert (read(packed(picture(), encoding), encoding, padding=padding) == picture()).all()


@pytest.mark.parametrize("order", [">u2", "<u2"])
@pytest.mark.parametrize("padding", [0, 1, 5])
@pytest.mark.parametrize("encoding", ["bgr16", "rgb16", "bgra16", "rgba16", "16UC3", "16UC4"])
def test_packed_colours_of_sixteen_bits_are_scaled_in_either_byte_order(
    encoding: str, padding: int, order: str
) -> None:
    rows = (packed(picture(), encoding).astype(np.uint16) * 257).astype(order)
    found = read(rows, encoding, padding=padding, is_bigendian=order == ">u2")
    assert (found == picture()).all()


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(encoding: str) -> None:
    grey = picture()[:, :, 0]
    assert (read(grey, encoding) == grey[:, :, None]).all()


@pytest.mark.parametrize("encoding", ["mono16", "16UC1"])
@pytest.mark.parametrize("order", [">u2", "<u2"])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_sixteen_bits_scale_as_cv_bridge_does_in_either_byte_order(
    order: str, padding: int, encoding: str
) -> None:
    values = np.linspace(0, 65535, H * W).astype(order).reshape(H, W)
    bgr = read(values, encoding, padding=padding, is_bigendian=order == ">u2")
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
    for order in ("<u2", ">u2"):
        deep = (mosaic.astype(np.uint16) * 257).astype(order)
        same = read(deep, f"bayer_{pattern}16", is_bigendian=order == ">u2").astype(int)
        assert abs(same - seen).max() <= 1


def i420(bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    planes = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    height, width = bgr.shape[:2]
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], chroma[0], chroma[1]


@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_is_420_of_yuv_come_back_as_the_picture(encoding: str) -> None:
    bgr = picture(32, 48)
    y, u, v = i420(bgr)
    pair = (u, v) if encoding == "nv12" else (v, u)
    rows = np.vstack([y, np.stack(pair, axis=2).reshape(len(u), -1)])
    assert abs(read(rows, encoding).astype(int) - bgr).max() <= 8


@pytest.mark.parametrize("padding", [0, 2, 6])
@pytest.mark.parametrize("encoding", ["i420", "yuv420"])
def test_three_planes_of_yuv_come_back_as_those_of_nv12(encoding: str, padding: int) -> None:
    bgr = picture(32, 48)
    y, u, v = i420(bgr)
    nv12 = np.vstack([y, np.stack((u, v), axis=2).reshape(len(u), -1)])
    noise = np.full((64, padding // 2), 99, np.uint8)
    colour = np.hstack([np.vstack([u, v])[:32], noise[:32]])  # 16 rows each, half a step long
    data = np.hstack([y, noise[:32], noise[:32]]).tobytes() + colour.tobytes()
    fields = {"height": 32, "width": 48, "encoding": encoding, "step": 48 + padding}
    found = to_bgr(Frame.from_buffer(data, **fields))
    assert (found == read(nv12, "nv12")).all()


@pytest.mark.parametrize("padding", [0, 1, 6])
def test_yuv_with_the_colour_of_every_pixel_comes_back_as_the_same_in_pairs(padding: int) -> None:
    bgr = picture(31, 48)
    y, u, v = i420(picture(62, 96))
    y = y[:31, :48]
    colour = np.stack([u, v], axis=2)  # one for each pixel
    noise = np.full((31, padding), 99, np.uint8)
    lines = np.hstack([colour.reshape(31, 96), noise, noise])
    data = np.hstack([y, noise]).tobytes() + lines.tobytes()
    fields = {"height": 31, "width": 48, "encoding": "nv24", "step": 48 + padding}
    found = to_bgr(Frame.from_buffer(data, **fields))
    assert found.shape == bgr.shape
    alone = [
        cv2.cvtColor(np.array([[[u[r, c], y[r, c]], [v[r, c], y[r, c]]]]), cv2.COLOR_YUV2BGR_UYVY)
        for r, c in ((0, 0), (3, 7), (30, 47))
    ]
    assert [found[at].tolist() for at in ((0, 0), (3, 7), (30, 47))] == [
        one[0, 0].tolist() for one in alone
    ]


def test_an_odd_step_of_i420_is_refused() -> None:
    with pytest.raises(FrameError, match="step of 9 bytes for 8 pixels of i420; expected an even"):
        Frame.from_buffer(bytes(9 * 9), height=H, width=W, encoding="i420", step=9)


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


def foreign(fallback: ToBgr) -> Frame:
    """A frame in an encoding that only a fallback knows."""
    data = bytes(range(H * W))
    return Frame.from_buffer(data, height=H, width=W, encoding="8SC1", step=W, fallback=fallback)


def repeated(frame: Frame) -> NDArray[np.uint8]:
    return np.repeat(frame.array[:, :W, None], 3, axis=2)


def test_encodings_outside_the_table_go_through_the_frames_own_fallback() -> None:
    assert foreign(repeated).array.shape == (H, W)
    assert to_bgr(foreign(repeated))[1, 2].tolist() == [W + 2] * 3
    with pytest.raises(FrameError, match="8SC1"):
        Frame.from_buffer(bytes(H * W), height=H, width=W, encoding="8SC1", step=W)


def test_data_of_the_wrong_length_is_refused_before_the_fallback_sees_it() -> None:
    with pytest.raises(FrameError, match="bytes"):
        Frame.from_buffer(bytes(3), height=H, width=W, encoding="8SC1", step=W, fallback=repeated)


def test_what_a_fallback_raises_is_an_error_of_the_frame() -> None:
    def fail(frame: Frame) -> NDArray[np.uint8]:
        raise TypeError("no such\nconversion")

    with pytest.raises(FrameError, match=r"8SC1.*no such conversion"):
        to_bgr(foreign(fail))


def test_what_a_fallback_gives_must_be_bgr_of_the_frames_size() -> None:
    with pytest.raises(FrameError, match="uint8"):
        to_bgr(foreign(lambda frame: np.zeros((H, W), np.uint8)))


@pytest.mark.parametrize(("wrong", "meant"), [("RGB8", "rgb8"), ("bayer_rgb8", "bayer_rggb8")])
def test_the_nearest_name_is_named(wrong: str, meant: str) -> None:
    with pytest.raises(FrameError, match=f"{wrong}.*fix: write '{meant}'"):
        Frame.from_buffer(bytes(H * W * 3), height=H, width=W, encoding=wrong, step=W * 3)
