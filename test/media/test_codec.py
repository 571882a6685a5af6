from __future__ import annotations

import struct
import subprocess
import sys
import zlib

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


# A BMP of runs, all of its pixels black: 1080 bytes, whatever size they announce.
BOMB = """
import struct, sys
from segmentation_node.errors import FrameError
from segmentation_node.media.codec import decode_frame

colours, runs = bytes(4 * 256), bytes([0, 1])
start = 54 + len(colours)
sizes = struct.pack("<IiiHHIIiiII", 40, 9000, 9000, 1, 8, 1, len(runs), 0, 0, 256, 0)
file = struct.pack("<IHHI", start + len(runs), 0, 0, start)
try:
    decode_frame(b"BM" + file + sizes + colours + runs, "jpeg")
except FrameError as error:
    print(error)
"""


def test_other_formats_announce_no_more_than_jpeg_and_png() -> None:
    """In a process of its own: OpenCV reads its limit when it is loaded, here it may be already."""
    said = subprocess.run([sys.executable, "-c", BOMB], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("received 1080 bytes that do not decode")


def test_labels_are_not_converted() -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(decode_labels(encode_png(labels)), labels)


def small_png(ids: np.ndarray, bits: int, palette: bytes = b"") -> bytes:
    """A PNG of few bits a pixel, which OpenCV does not write: grey, or colours of a palette."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    height, width = ids.shape
    pixels = np.unpackbits(ids[..., None], axis=2)[..., 8 - bits :].reshape(height, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(pixels, axis=1))
    header = struct.pack(">IIBBBBB", width, height, bits, 3 if palette else 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    written = (chunk(kind, data) for kind, data in chunks if data or kind == b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_labels_of_few_bits_keep_their_ids(bits: int) -> None:
    ids = (np.arange(15) % 2**bits).astype(np.uint8).reshape(3, 5)
    labels = decode_labels(small_png(ids, bits))
    np.testing.assert_array_equal(labels, ids)
    assert labels.dtype == np.uint8


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("palette", [bytes(range(6)), bytes(768)], ids=["two colours", "black"])
def test_a_palette_is_for_people_and_its_indices_are_the_ids(bits: int, palette: bytes) -> None:
    ids = np.eye(4, dtype=np.uint8)
    labels = decode_labels(small_png(ids, bits, palette[: 3 * 2**bits]))
    np.testing.assert_array_equal(labels, ids)


@given(share=st.floats(0, 0.999))
def test_a_palette_image_cut_short_is_an_error(share: float) -> None:
    data = small_png(np.eye(64, dtype=np.uint8), 8, palette=bytes(range(6)))
    with pytest.raises(FrameError):
        decode_labels(data[: int(share * len(data))])


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


def test_labels_in_a_format_that_changes_them_are_refused() -> None:
    labels = np.repeat(np.arange(4, dtype=np.uint8) * 40, 16).reshape(8, 8)
    with pytest.raises(FrameError, match="JPEG changes class ids"):
        decode_labels(encode_jpeg(labels))
