"""Exif orientation: one rule for files, whatever the container; none for messages."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.media.codec import decode_frame
from segmentation_node.media.images import read_image, read_labels
from segmentation_node.media.orientation import orientation_of, without_orientation

Image = NDArray[np.uint8]
HEIGHT, WIDTH = 16, 24
# Its quarters differ, so that no turn or mirror image of it is the picture itself.
PICTURE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
PICTURE[:8, :12], PICTURE[:8, 12:], PICTURE[8:, :12] = (200, 30, 30), (30, 200, 30), (30, 30, 200)


def directory(value: int, order: str = "<", kind: int = 3) -> bytes:
    """Exif data, as in a TIFF file: one directory with the orientation and a tag before it."""
    value_field = struct.pack(order + ("HH" if kind == 3 else "I"), *([value, 0][: 5 - kind]))
    entries = struct.pack(order + "HHII", 0x0100, 4, 1, 9)
    entries += struct.pack(order + "HHI", 0x0112, kind, 1) + value_field
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IH", 8, 2) + entries + bytes(4)


def encoded(suffix: str, image: Image, *options: int) -> bytes:
    done, data = cv2.imencode(suffix, image, list(options))
    assert done
    return bytes(data)


def jpeg(image: Image, exif: bytes) -> bytes:
    data = encoded(".jpg", image, cv2.IMWRITE_JPEG_QUALITY, 100)
    segment = b"Exif\0\0" + exif
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def png(image: Image, exif: bytes) -> bytes:
    data = encoded(".png", image)
    chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    return data[:33] + chunk + data[33:]  # behind IHDR


def webp(image: Image, exif: bytes) -> bytes:
    data = encoded(".webp", image, cv2.IMWRITE_WEBP_QUALITY, 101)
    height, width = image.shape[:2]
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + bytes([8, 0, 0, 0]) + size  # 8: there is Exif
    body = data[data.index(b"VP8L") :]
    chunk = b"EXIF" + struct.pack("<I", len(exif)) + exif + bytes(len(exif) % 2)
    whole = b"WEBP" + extended + body + chunk
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def tiff(image: Image, exif: bytes) -> bytes:
    """Uncompressed, with the orientation among its tags."""
    order = "<" if exif.startswith(b"II") else ">"
    value = orientation_of(exif)
    rgb = image[:, :, ::-1].tobytes()
    height, width = image.shape[:2]
    pixels_at = 8 + 2 + 10 * 12 + 4
    tags = (
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, 3, pixels_at),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, pixels_at + 6),
        (274, 3, 1, value),
        (277, 3, 1, 3),
        (278, 3, 1, height),
        (279, 4, 1, len(rgb)),
    )
    data = exif[:4] + struct.pack(order + "IH", 8, len(tags))
    for tag, kind, count, number in tags:
        small = kind == 3 and count == 1
        field = struct.pack(order + ("HH" if small else "I"), *([number, 0] if small else [number]))
        data += struct.pack(order + "HHI", tag, kind, count) + field
    return data + bytes(4) + struct.pack(order + "HHH", 8, 8, 8) + rgb


CONTAINERS = {"jpg": jpeg, "png": png, "webp": webp, "tif": tiff}
EVERY_CONTAINER = pytest.mark.parametrize("suffix", CONTAINERS)
# Written out from the standard: which side of the stored image is shown at the top and on the left.
SHOWN: dict[int, Callable[[Image], Image]] = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 2).transpose(1, 0, 2),
    8: np.rot90,
}


def difference(found: Image, expected: Image) -> float:
    assert found.shape == expected.shape
    return float(np.abs(found.astype(int) - expected).mean())


@EVERY_CONTAINER
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", SHOWN)
def test_a_file_is_read_as_every_viewer_shows_it(
    suffix: str, order: str, value: int, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(CONTAINERS[suffix](PICTURE, directory(value, order)))
    found = read_image(path)
    assert difference(found, SHOWN[value](PICTURE)) < 8
    assert found.flags.c_contiguous


@EVERY_CONTAINER
@pytest.mark.parametrize("value", SHOWN)
def test_a_message_keeps_the_pixels_as_the_camera_stored_them(suffix: str, value: int) -> None:
    frame = decode_frame(CONTAINERS[suffix](PICTURE, directory(value)), suffix)
    assert difference(frame.array, PICTURE) < 8


@pytest.mark.parametrize("value", SHOWN)
def test_labels_are_turned_as_images_are(value: int, tmp_path: Path) -> None:
    labels = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) // 2
    path = tmp_path / "a.png"
    path.write_bytes(png(labels.astype(np.uint8), directory(value)))
    expected = SHOWN[value](np.dstack([labels] * 3).astype(np.uint8))[:, :, 0]
    np.testing.assert_array_equal(read_labels(path), expected)


@pytest.mark.parametrize("kind", [3, 4])
def test_the_number_may_be_short_or_long(kind: int) -> None:
    assert orientation_of(jpeg(PICTURE, directory(6, kind=kind))) == 6


def test_a_big_tiff_says_it_in_eight_bytes() -> None:
    entry = struct.pack("<HHQHHI", 0x0112, 3, 1, 8, 0, 0)
    data = b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 1) + entry + bytes(8)
    assert orientation_of(data) == 8
    assert orientation_of(without_orientation(data)) == 1


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_what_the_standard_does_not_know_is_as_stored(value: int) -> None:
    assert orientation_of(jpeg(PICTURE, directory(value))) == 1


@EVERY_CONTAINER
@given(cut=st.integers(0, 400), value=st.integers(0, 9))
def test_damaged_notes_are_none_and_nothing_is_raised(suffix: str, cut: int, value: int) -> None:
    data = CONTAINERS[suffix](PICTURE, directory(value))[:cut]
    assert 1 <= orientation_of(data) <= 8
    assert len(without_orientation(data)) == len(data)


@EVERY_CONTAINER
@given(noise=st.binary(max_size=80))
def test_noise_where_the_note_should_be_is_none(suffix: str, noise: bytes) -> None:
    starts = {"jpg": b"\xff\xd8\xff\xe1\0\x40Exif\0\0II*\0", "png": b"\x89PNG\r\n\x1a\n"}
    starts |= {"webp": b"RIFF\0\0\0\0WEBPEXIF", "tif": b"MM\0*"}
    assert 1 <= orientation_of(starts[suffix] + noise) <= 8
