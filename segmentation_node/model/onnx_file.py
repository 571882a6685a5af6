"""Tells an ONNX file from anything else, without onnx installed.

Runtimes differ in what they say of a damaged file (some crash, one accepts an empty one), and a
file cut short by an interrupted download is common. The outer layer of an ONNX file is a plain
protobuf message, so walking over its fields is enough to find both.
Source: onnx.proto3, message ModelProto; protobuf's encoding guide.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from segmentation_node.errors import ModelError

LARGEST_MODEL_BYTES = 2**31 - 1
"""Protobuf's own limit for one message."""

_IR_VERSION_TAG = 0x08
_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""Wire type of each field of ModelProto: 0 is a number, 2 is a block of bytes."""
_GRAPH, _BLOCK = 7, 2


def check_onnx_file(path: Path) -> None:
    """Check that a file is a whole ONNX model, as far as its outer layer shows.

    Args:
        path: The file.

    Raises:
        ModelError: The file is missing, unreadable, empty, too large, foreign or cut short.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise _bad(path, "a folder", "give the path of the .onnx file in it")
        if size == 0:
            raise _bad(path, "an empty file", "copy or export the model again")
        if size > LARGEST_MODEL_BYTES:
            raise _bad(path, f"a file of {size} bytes", "store large weights as external data")
        with path.open("rb") as file:
            _check_start(path, file)
            _check_fields(path, file, size)
    except FileNotFoundError as error:
        raise _bad(path, "no such file", "check the path of the model") from error
    except OSError as error:
        raise _bad(path, f"unreadable ({error.strerror})", "check its permissions") from error


def _check_start(path: Path, file: BinaryIO) -> None:
    start = file.read(64)
    file.seek(0)
    if start.startswith(b"version https://git-lfs"):
        raise _bad(path, "a git-lfs pointer, not the model", "run `git lfs pull`")
    if start[0] != _IR_VERSION_TAG:
        raise _bad(path, f"a foreign file (it begins with {start[:8]!r})", "give an ONNX model")


def _check_fields(path: Path, file: BinaryIO, size: int) -> None:
    seen = set()
    while file.tell() < size:
        tag = _varint(path, file)
        field, wire_type = tag >> 3, tag & 7
        if _FIELDS.get(field) != wire_type:
            raise _bad(path, "a foreign or damaged file", "give an ONNX model")
        value = _varint(path, file)
        if wire_type == _BLOCK:
            # Before the seek, which takes no more than 63 bits.
            if value > size - file.tell():
                raise _bad(path, f"a file cut short at {size} bytes", "copy the model again")
            file.seek(value, 1)
        seen.add(field)
    if _GRAPH not in seen:
        raise _bad(path, "a file with no graph in it", "copy or export the model again")


def _varint(path: Path, file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise _bad(path, "a file cut short", "copy the model again")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise _bad(path, "a foreign or damaged file", "give an ONNX model")


def _bad(path: Path, received: str, fix: str) -> ModelError:
    return ModelError(f"{received} at {path}", "an ONNX model", fix)
