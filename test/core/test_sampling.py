"""Sampled pixels: those of the whole image's conversion, and as light as all of it."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.image_statistics import image_statistics
from segmentation_node.core.sampling import SIDE, PixelSampler
from segmentation_node.errors import FrameError
from segmentation_node.scenes import Drive

TOLERANCE = 4.0
"""Levels of 255 by which the figures of the samples may differ: docs/drift.md states it."""


def frame(encoding: str, height: int, width: int, padding: int = 0, seed: int = 0) -> Frame:
    """Random bytes as an image, with some at the end of each row that are not the image's."""
    row = ENCODINGS[encoding]
    step = row.row_bytes(width) + padding
    data = np.random.default_rng(seed).integers(0, 256, row.rows(height) * step, np.uint8)
    return Frame.from_buffer(data, height=height, width=width, encoding=encoding, step=step)


def sampled(one: Frame) -> NDArray[np.uint8]:
    return PixelSampler(one.height, one.width, one.encoding)(one)


def difference(part: NDArray[np.uint8], whole: NDArray[np.uint8]) -> float:
    """The largest difference of their figures, in levels of 255."""
    figures = (np.array(astuple(image_statistics(image))) for image in (part, whole))
    return float(np.abs(np.subtract(*figures)).max())


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=20)
@given(
    half_height=st.integers(1, 150),
    half_width=st.integers(1, 150),
    odd=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    padding=st.integers(0, 9),
)
def test_samples_are_pixels_of_the_whole_conversion(
    encoding: str, half_height: int, half_width: int, odd: tuple[int, int], padding: int
) -> None:
    row = ENCODINGS[encoding]
    height = 2 * half_height + (0 if row.is_420 else odd[0])
    width = 2 * half_width + (0 if row.even_width else odd[1])
    one = frame(encoding, height, width, padding * (2 if row.planes else 1))
    sampler = PixelSampler(height, width, encoding)
    pixels = sampler(one)
    np.testing.assert_array_equal(pixels, to_bgr(one)[np.ix_(sampler.rows, sampler.columns)])
    assert pixels[:, :, 0].size <= SIDE**2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_random_images_are_as_light_as_their_samples(encoding: str) -> None:
    one = frame(encoding, 360, 640)
    assert difference(sampled(one), to_bgr(one)) <= TOLERANCE


@pytest.mark.parametrize("condition", ["day", "dusk", "night", "rain"])
def test_rendered_images_are_as_light_as_their_samples(condition: str) -> None:
    for seed in range(2):
        image, _ = Drive(seed, 180, 320, condition).frame(0)
        mosaic = image[:, :, 1].copy()
        for one in (Frame.from_array(image), Frame.from_array(mosaic, "bayer_rggb8")):
            assert difference(sampled(one), to_bgr(one)) <= TOLERANCE


def test_what_repeats_in_step_with_the_grid_is_not_mistaken_for_all_of_the_image() -> None:
    fence = np.zeros((512, 640, 3), np.uint8)
    fence[:, ::10] = 255  # a regular grid of 64 columns meets a post in all of them or in none
    luminance = image_statistics(sampled(Frame.from_array(fence))).luminance
    assert 5 < luminance < 60  # of 25.5: all or none would be 255 or 0


def test_a_big_endian_image_is_read_as_one() -> None:
    levels = np.full((100, 100), 0x80_01, np.uint16)
    data = levels.astype(">u2").tobytes()
    fields = {"height": 100, "width": 100, "encoding": "mono16", "step": 200}
    one = Frame.from_buffer(data, is_bigendian=True, **fields)
    assert set(np.unique(sampled(one))) == {128}


def test_the_same_pixels_are_taken_every_time() -> None:
    first, second = (PixelSampler(720, 1280, "bgr8") for _ in range(2))
    np.testing.assert_array_equal(first.rows, second.rows)
    np.testing.assert_array_equal(first.columns, second.columns)


def test_an_encoding_outside_the_table_is_refused_in_a_sentence() -> None:
    with pytest.raises(FrameError, match=r"'sepia8'; expected an encoding of the table"):
        PixelSampler(48, 64, "sepia8")
