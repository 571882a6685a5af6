"""What Python writes is what the kernels read: field by field, and table by table."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from segmentation_node.core.encodings import ENCODINGS
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize, fit
from segmentation_node.core.postprocess import axis_samples
from segmentation_node.cuda import postprocess, preprocess
from segmentation_node.cuda.camera_image import IMAGE, LAYOUTS, CameraImage
from segmentation_node.cuda.driver import BLOCK, grid_for
from segmentation_node.cuda.tables import OUTSIDE, SAMPLE, TAP, samples, taps
from segmentation_node.errors import FrameError

SHARED = {
    "image": IMAGE,
    "tap": TAP,
    "sample": SAMPLE,
    "preprocess": preprocess.ARGUMENTS,
    "postprocess": postprocess.ARGUMENTS,
}


@pytest.mark.parametrize("name", list(SHARED))
def test_fields_lie_where_the_compiler_puts_them(library: ctypes.CDLL, name: str) -> None:
    dtype = SHARED[name]
    assert dtype.fields is not None
    offsets = [dtype.fields[field][1] for field in dtype.names or ()]
    layout = (ctypes.c_size_t * (1 + len(offsets))).in_dll(library, f"layout_{name}")
    assert list(layout) == [dtype.itemsize, *offsets]


def test_every_layout_is_of_an_encoding_of_the_table() -> None:
    assert set(LAYOUTS) <= set(ENCODINGS)


def test_encodings_outside_the_table_are_refused() -> None:
    with pytest.raises(FrameError, match="encoding 'yuv444' for the GPU; expected one of bgr8"):
        CameraImage("yuv444", 4, 4, 12)


def test_byte_order_is_the_frames() -> None:
    for kind, variant in (("<u2", 0), (">u2", 1)):
        frame = Frame.from_array(np.zeros((4, 4), kind), "mono16")
        assert CameraImage.of(frame).variant == variant


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((8, 8, 3), np.uint8)[:, ::2],
        np.zeros((8, 8, 3), np.uint8)[:, :, ::-1],
        np.zeros((8, 8, 3), np.uint8)[::-1],
        np.zeros((3, 8, 8), np.uint8).transpose(1, 2, 0),
    ],
    ids=["every second pixel", "channels reversed", "upside down", "planes"],
)
def test_arrays_that_cannot_be_copied_as_they_are_are_refused(array: np.ndarray) -> None:
    with pytest.raises(FrameError, match="expected pixels side by side"):
        CameraImage.of(Frame.from_array(array))


def test_rows_may_lie_apart() -> None:
    image = CameraImage.of(Frame.from_array(np.zeros((8, 16, 3), np.uint8)[:, 2:9]))
    assert (image.width, image.step) == (7, 48)


def test_padding_and_unseen_pixels_are_outside() -> None:
    letterbox, crop = (fit(mode, 10, 40, NetworkSize(20, 20)) for mode in ("letterbox", "crop"))
    rows, columns = taps(letterbox)
    assert rows["low"][[0, -1]].tolist() == [OUTSIDE, OUTSIDE]
    assert (columns["low"] >= 0).all()
    rows, columns = samples(crop, 5, 5)
    assert (rows["low"] >= 0).all()
    assert (columns["low"] >= 0).tolist() == [15 <= x < 25 for x in range(40)]


def test_samples_are_the_definitions() -> None:
    rows, _ = samples(fit("stretch", 37, 11, NetworkSize(32, 32)), 4, 4)
    axis = axis_samples(37, 4)
    assert (rows["low"] == axis.low).all()
    assert (rows["high"] == axis.high).all()
    assert (rows["weight_high"] == axis.weight).all()


def test_weights_of_taps_come_to_one_in_fixed_point() -> None:
    for table in taps(fit("stretch", 37, 53, NetworkSize(24, 42))):
        assert (table["weight_low"] + table["weight_high"] == 2048).all()


@pytest.mark.parametrize("size", [(1, 1), (8, 128), (9, 129), (720, 1280), (16384, 16384)])
def test_blocks_cover_the_image_and_no_more(size: tuple[int, int]) -> None:
    across, down = grid_for(*size)
    assert (across - 1) * BLOCK[0] * 4 < size[1] <= across * BLOCK[0] * 4
    assert (down - 1) * BLOCK[1] < size[0] <= down * BLOCK[1]
    assert BLOCK[0] * BLOCK[1] * BLOCK[2] <= 1024
