from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.compressed import announced_size, decode, decode_pixels
from segmentation_node.core.encodings import to_bgr
from segmentation_node.errors import FrameError


def photo(shape: tuple[int, ...] = (37, 53, 3), dtype: str = "u1") -> NDArray[np.uint8]:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    plane = (y * 3 + x * 2) % 200 + 20
    image = plane if len(shape) == 2 else np.stack([plane + 9 * c for c in range(shape[2])], 2)
    return (image * (257 if dtype == "u2" else 1)).astype(dtype)


def encoded(suffix: str, image: NDArray[np.uint8], *options: int) -> bytes:
    done, data = cv2.imencode(suffix, image, list(options))
    assert done
    return bytes(data)


JPEG, PNG = encoded(".jpg", photo()), encoded(".png", photo())
PROGRESSIVE = encoded(".jpg", photo(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
WHOLE = pytest.mark.parametrize("data", [JPEG, PNG, PROGRESSIVE], ids=["jpeg", "png", "progr."])


@WHOLE
def test_images_come_back_with_their_size_stamp_and_frame(data: bytes) -> None:
    frame = decode(data, "jpeg", stamp_ns=5, frame_id="front")
    assert (frame.height, frame.width, frame.encoding) == (37, 53, "bgr8")
    assert (frame.stamp_ns, frame.frame_id) == (5, "front")
    assert abs(to_bgr(frame).astype(int) - photo()).mean() < 3
    assert announced_size(data) == (37, 53)


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda d: np.frombuffer(d, "u1")])
def test_every_kind_of_buffer_is_read(wrap: type) -> None:
    assert (decode(wrap(PNG)).array == photo()).all()


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ("", "bgr8"),
        ("png", "bgr8"),
        ("bgr8; png compressed bgr8", "bgr8"),
        ("rgb8; jpeg compressed bgr8", "bgr8"),
        ("rgb8; png compressed rgb8", "rgb8"),
        ("RGB8; PNG compressed RGB8", "rgb8"),
        ("bgr8; png compressed ", "rgb8"),
        ("bayer_rggb8; jpeg compressed bgr8", "bgr8"),
        ("yuv422; jpeg compressed bgr8", "bgr8"),
    ],
)
def test_the_format_says_the_order_of_the_colours_of_a_png(said: str, encoding: str) -> None:
    assert decode(PNG, said).encoding == encoding
    with_alpha = encoded(".png", photo((9, 7, 4)))
    assert decode(with_alpha, said).encoding == encoding.replace("8", "a8")


@pytest.mark.parametrize("end", ["", " ", " bgr8", " rgb8", " rgba8"])
@pytest.mark.parametrize("original", ["rgb8", "bgr8", "rgba8", "rgb16", "8UC3", "bayer_rggb8"])
def test_a_jpeg_has_the_colours_that_every_viewer_shows(original: str, end: str) -> None:
    frame = decode(JPEG, f"{original}; jpeg compressed{end}")
    assert frame.encoding == "bgr8"
    assert (frame.array == decode(JPEG).array).all()


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_a_mosaic_of_sixteen_bits_is_one(pattern: str) -> None:
    data = encoded(".png", photo((10, 8), "u2"))
    frame = decode(data, f"bayer_{pattern}16; png compressed ")
    assert frame.encoding == f"bayer_{pattern}16"
    shown = to_bgr(frame).astype(int)
    shallow = decode(encoded(".png", photo((10, 8))), f"bayer_{pattern}8; png compressed ")
    assert abs(shown - to_bgr(shallow)).max() <= 1
    assert decode(data, f"bayer_{pattern}16; png compressed mono16").encoding == "mono16"


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ("", "mono8"),
        ("mono8; png compressed ", "mono8"),
        ("mono8; jpeg compressed mono8", "mono8"),
        ("bayer_grbg8; png compressed ", "bayer_grbg8"),
        ("bayer_grbg8; jpeg compressed mono8", "mono8"),
        ("bayer_grbg16; png compressed ", "bayer_grbg8"),
        ("8UC1; png compressed ", "mono8"),
    ],
)
def test_one_channel_is_grey_or_the_sensors_mosaic(said: str, encoding: str) -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    frame = decode(encoded(".png", labels), said)
    assert frame.encoding == encoding
    assert (frame.array == labels).all()


def test_sixteen_bit_images_keep_their_depth_in_grey_and_lose_it_in_colour() -> None:
    grey = decode(encoded(".png", photo((9, 7), "u2")), "mono16; png compressed ")
    assert grey.encoding == "mono16"
    assert (grey.array == photo((9, 7), "u2")).all()
    colour = decode(encoded(".png", photo((9, 7, 3), "u2")), "bgr16; png compressed bgr16")
    assert (colour.array == photo((9, 7, 3))).all()


def test_images_with_alpha_are_bgra() -> None:
    frame = decode(encoded(".png", photo((9, 7, 4))))
    assert frame.encoding == "bgra8"
    assert (to_bgr(frame) == photo((9, 7, 4))[:, :, :3]).all()


@WHOLE
@pytest.mark.parametrize("keep", [0, 1, 2, 3, 8, 20, 60, 0.3, 0.9, -1, -2, -12])
def test_images_that_were_cut_short_are_refused(data: bytes, keep: float) -> None:
    cut = data[: int(keep * len(data)) if 0 < keep < 1 else int(keep)]
    with pytest.raises(FrameError, match=f"^received {len(cut)} bytes"):
        decode(cut)


@given(st.integers(1, len(JPEG) - 1))
def test_a_jpeg_cut_anywhere_is_refused(keep: int) -> None:
    with pytest.raises(FrameError):
        announced_size(JPEG[:keep])


@given(st.integers(1, len(PNG) - 1))
def test_a_png_cut_anywhere_is_refused(keep: int) -> None:
    with pytest.raises(FrameError):
        announced_size(PNG[:keep])


def test_a_jpeg_padded_by_the_camera_is_read() -> None:
    assert decode(JPEG + bytes(512)).height == 37


def test_an_end_mark_inside_the_header_is_not_taken_for_the_end() -> None:
    comment = b"\xff\xfe\x00\x08" + b"ab\xff\xd9yz"
    data = JPEG[:2] + comment + JPEG[2:]
    assert decode(data).height == 37
    with pytest.raises(FrameError, match="without the mark"):
        decode(data[:-2])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(30),
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        b"\x00" * 100,
        b"<html>no such image</html>",
        encoded(".bmp", photo()),
    ],
    ids=["empty", "gif", "webp", "zeros", "html", "bmp"],
)
def test_bytes_of_another_kind_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError, match="JPEG or PNG"):
        decode(data)


def png_that_announces(height: int, width: int) -> bytes:
    return png_of((b"IHDR", header(height, width)), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))


def header(height: int, width: int) -> bytes:
    return struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(2**31 - 1, 2**31 - 1), (65535, 65535), (0, 5), (5, 0)])
def test_a_size_beyond_reason_is_refused_before_memory_is_asked_for(size: tuple[int, int]) -> None:
    with pytest.raises(FrameError, match=f"announces {size[1]} wide, {size[0]} high"):
        decode_pixels(png_that_announces(*size))


def test_a_png_is_measured_by_its_first_chunk_and_no_other() -> None:
    """The decoder allocates by the first header: a small one behind it must not speak for it."""
    large, small, end = (b"IHDR", header(9000, 9000)), (b"IHDR", header(1, 1)), (b"IEND", b"")
    pixel = (b"IDAT", zlib.compress(b"\0\0\0\0"))
    assert announced_size(png_of(small, pixel, end)) == (1, 1)
    for chunks in ((large, pixel, small, end), (pixel, small, end), (small, pixel, small, end)):
        with pytest.raises(FrameError, match="bytes of PNG, cut short"):
            announced_size(png_of(*chunks))


def test_sixteen_bits_are_rounded_to_eight_as_a_division_rounds() -> None:
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = decode(encoded(".png", np.stack([every] * 3, 2))).array
    np.testing.assert_array_equal(pixels[:, :, 0], (every.astype(np.uint32) + 128) // 257)


def test_a_jpeg_that_announces_too_much_is_refused() -> None:
    at = JPEG.index(b"\xff\xc0") + 5
    data = JPEG[:at] + struct.pack(">HH", 65000, 65000) + JPEG[at + 4 :]
    with pytest.raises(FrameError, match="65000 wide, 65000 high"):
        decode(data)


@given(st.binary(max_size=200))
def test_noise_behind_a_signature_is_refused_and_nothing_worse(noise: bytes) -> None:
    for start in (b"\xff\xd8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(FrameError):
            announced_size(start + noise)
