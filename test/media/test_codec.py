from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.errors import FrameError
from segmentation_node.media.codec import decode_image, decode_labels, encode_jpeg, encode_png


def picture(height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def test_png_keeps_every_pixel() -> None:
    image = picture()
    np.testing.assert_array_equal(decode_image(encode_png(image)), image)


def test_jpeg_comes_back_at_its_size() -> None:
    flat = np.full((24, 32, 3), (10, 120, 200), np.uint8)
    decoded = decode_image(encode_jpeg(flat))
    assert np.abs(decoded.astype(int) - flat).max() < 6


def test_labels_are_not_converted() -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(decode_labels(encode_png(labels)), labels)


def test_a_colour_image_is_no_label_image() -> None:
    with pytest.raises(FrameError, match="one channel of eight bits"):
        decode_labels(encode_png(picture()))


@pytest.mark.parametrize("encode", [encode_jpeg, encode_png])
@given(share=st.floats(0, 0.999))
def test_an_image_cut_short_is_an_error(encode, share: float) -> None:
    data = encode(picture())
    with pytest.raises(FrameError, match="expected a whole"):
        decode_image(data[: int(share * len(data))])


def test_other_bytes_are_an_error() -> None:
    with pytest.raises(FrameError):
        decode_image(memoryview(b"no image at all"))


def test_an_image_that_the_format_cannot_hold_is_an_error() -> None:
    with pytest.raises(FrameError, match="65500"):
        encode_jpeg(np.zeros((1, 70000, 3), np.uint8))
