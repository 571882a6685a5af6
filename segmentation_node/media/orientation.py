"""Which way up an image file is to be shown, as its Exif data says, whatever the container.

Cameras and telephones store the pixels as the sensor gives them, and note beside them how to turn
them (Exif 2.32, tag 0x0112). Which containers OpenCV turns depends on its release: here the note
is read, taken out before OpenCV sees it, and followed or not as the caller wants.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)

UPRIGHT = 1
"""The orientation of an image that is to be shown as it is stored."""

_TAG, _SHORT, _LONG = 0x0112, 3, 4
_EXIF = b"Exif\0\0"
_JPEG, _PNG, _TIFF = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_SCAN = 0xDA


class _Note(NamedTuple):
    """Where a file says it, and what."""

    place: int
    format: str
    value: int


def orientation_of(data: bytes) -> int:
    """How an image file is to be turned.

    Args:
        data: The bytes of a JPEG, PNG, WebP or TIFF file, or of any other.

    Returns:
        1 to 8, as in Exif; 1 (as it is stored) where the file says nothing that can be read.
    """
    note = _note(data)
    return UPRIGHT if note is None or not 1 <= note.value <= 8 else note.value


def without_orientation(data: bytes) -> bytes:
    """The same WebP or TIFF file, to be shown as it is stored.

    Args:
        data: The bytes; of a PNG the checksum is not corrected.
    """
    note = _note(data)
    if note is None or note.value == UPRIGHT:
        return data
    size = struct.calcsize(note.format)
    upright = struct.pack(note.format, UPRIGHT)
    return data[: note.place] + upright + data[note.place + size :]


def turned(pixels: NDArray[Kind], orientation: int) -> NDArray[Kind]:
    """Turn an image upright.

    Args:
        pixels: (H, W) or (H, W, C), as stored.
        orientation: 1 to 8, from `orientation_of`.

    Returns:
        The image as it is to be shown, (W, H) from 5 on; `pixels` themselves for 1.
    """
    if orientation == UPRIGHT:
        return pixels
    # From 5 on rows and columns change places; then the rest is the flip of one axis or both.
    upright = pixels.swapaxes(0, 1) if orientation >= 5 else pixels
    if orientation in {3, 4, 7, 8}:
        upright = upright[::-1]
    if orientation in {2, 3, 6, 7}:
        upright = upright[:, ::-1]
    return np.ascontiguousarray(upright)


def _note(data: bytes) -> _Note | None:
    start = _exif_start(data)
    if start is None:
        return None
    try:
        return _note_in(data, start)
    except struct.error:  # it points behind the end of the file
        return None


def _exif_start(data: bytes) -> int | None:
    """Where the Exif data begins, with the header of a TIFF file."""
    start = None
    if data.startswith(_TIFF):
        return 0
    if data.startswith(_JPEG):
        start = _in_jpeg(data)
    elif data.startswith(_PNG):
        start = _in_chunks(data, len(_PNG), b"eXIf", ">I4s", 4)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        start = _in_chunks(data, 12, b"EXIF", "<4sI", 0)
    if start is not None and data.startswith(_EXIF, start):
        return start + len(_EXIF)
    return start


def _in_jpeg(data: bytes) -> int | None:
    start = 2
    while start + 4 <= len(data) and data[start] == 0xFF and data[start + 1] != _JPEG_SCAN:
        if data[start + 1] == 0xFF:  # padding
            start += 1
            continue
        if data[start + 1] == 0xE1 and data.startswith(_EXIF, start + 4):
            return start + 4
        start += 2 + max(int.from_bytes(data[start + 2 : start + 4], "big"), 2)
    return None


def _in_chunks(data: bytes, start: int, wanted: bytes, header: str, checksum: int) -> int | None:
    """The contents of a chunk of PNG, with a checksum behind it, or of WebP, at even places."""
    while start + 8 <= len(data):
        name, length = struct.unpack_from(header, data, start)
        if isinstance(name, int):
            name, length = length, name
        if name == wanted:
            return start + 8
        start += 8 + length + checksum
        if not checksum:
            start += length % 2
    return None


def _note_in(data: bytes, start: int) -> _Note | None:
    """Find the tag in the first directory of a TIFF structure (or of a BigTIFF one)."""
    mark = data[start : start + 4]
    if mark not in _TIFF:
        return None
    order = "<" if mark[:2] == b"II" else ">"
    is_big = b"+" in mark
    (offset,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, start + 4 + 4 * is_big)
    (count,) = struct.unpack_from(order + ("Q" if is_big else "H"), data, start + offset)
    first, size = start + offset + (8 if is_big else 2), 20 if is_big else 12
    for place in range(first, min(first + count * size, len(data)), size):
        tag, kind = struct.unpack_from(order + "HH", data, place)
        if tag == _TAG and kind in {_SHORT, _LONG}:
            value_at, form = place + size - (8 if is_big else 4), order + "HI"[kind - _SHORT]
            return _Note(value_at, form, struct.unpack_from(form, data, value_at)[0])
    return None
