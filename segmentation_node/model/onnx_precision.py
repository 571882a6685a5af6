"""Tells what an ONNX computes in, without onnx installed: FP16 and INT8 are files, not flags.

Only the outer layers of the protobuf message are read; weights are skipped over.
Source: onnx.proto3, messages ModelProto, GraphProto, NodeProto and TensorProto.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from segmentation_node.errors import ModelError

_MODEL_GRAPH, _GRAPH_NODE, _GRAPH_INITIALIZER, _NODE_KIND = 7, 1, 5, 4
_TENSOR_DIMS, _TENSOR_TYPE = 1, 2
_NAMES = {1: "fp32", 10: "fp16", 16: "bf16"}
"""TensorProto.DataType of weights that are computed with as they are."""

_NUMBER, _EIGHT_BYTES, _BLOCK, _FOUR_BYTES = 0, 1, 2, 5

Field = tuple[int, int, int]
"""Number of a field, and where its content begins and ends; for a number, its value twice."""


def stored_precision(path: Path) -> str:
    """What an ONNX computes in: `int8`, `fp16`, `bf16` or `fp32`.

    It is int8 where activations are quantised (there is a QuantizeLinear), and else the type of
    most of its weights.

    Args:
        path: The ONNX.

    Raises:
        ModelError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _precision(file, file.seek(0, os.SEEK_END))
    except (OSError, IndexError, ValueError) as error:
        raise ModelError(
            received=f"{path}, which cannot be read ({error})",
            expected="an ONNX model",
            fix="copy or export the model again",
        ) from error


def _precision(file: BinaryIO, size: int) -> str:
    values: Counter[str] = Counter()
    for graph in _of(file, 0, size, _MODEL_GRAPH):
        for number, begin, end in _fields(file, *graph):
            if number == _GRAPH_NODE and _kind(file, begin, end) == b"QuantizeLinear":
                return "int8"
            if number == _GRAPH_INITIALIZER:
                values.update(_values(file, begin, end))
    return values.most_common(1)[0][0] if values else "fp32"


def _kind(file: BinaryIO, begin: int, end: int) -> bytes:
    for start, stop in _of(file, begin, end, _NODE_KIND):
        file.seek(start)
        return file.read(stop - start)
    return b""


def _values(file: BinaryIO, begin: int, end: int) -> dict[str, int]:
    """How many values a tensor has of a floating-point type."""
    kind, count = 0, 1
    for number, value, stop in _fields(file, begin, end):
        if number == _TENSOR_TYPE:
            kind = value
        elif number == _TENSOR_DIMS:
            count *= value if value == stop else 1
    return {_NAMES[kind]: count} if kind in _NAMES else {}


def _of(file: BinaryIO, begin: int, end: int, wanted: int) -> Iterator[tuple[int, int]]:
    for number, start, stop in list(_fields(file, begin, end)):
        if number == wanted:
            yield start, stop


def _fields(file: BinaryIO, begin: int, end: int) -> Iterator[Field]:
    """The fields of the message that lies between two places of the file.

    Raises:
        IndexError: The file ends within it.
        ValueError: A field says that it is longer than the message.
    """
    place = begin
    while place < end:
        file.seek(place)
        tag = _varint(file)
        number, kind = tag >> 3, tag & 7
        if kind == _NUMBER:
            value = _varint(file)
            place = file.tell()
            yield number, value, value
            continue
        size = _varint(file) if kind == _BLOCK else {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(kind, end)
        start = file.tell()
        place = start + size
        # A length is whatever the file says, and would be read or sought as it stands.
        if place > end:
            raise ValueError(f"a field of {size} bytes in a message that ends before it")
        yield number, start, place


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise ValueError("a number of more than ten bytes")
