"""Reads an ONNX's graph without onnx installed: what it computes in, takes and gives.

FP16 and INT8 are files, not flags, and a network that ends in a softmax looks like any other to the
runtimes. Only nodes, inputs, outputs and the places of weights are read; the weights are skipped.
Source: onnx.proto3, messages ModelProto, GraphProto, NodeProto, ValueInfoProto and TensorProto.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from segmentation_node.errors import ModelError

_MODEL_GRAPH, _GRAPH_NODE, _GRAPH_INITIALIZER, _NODE_KIND = 7, 1, 5, 4
_GRAPH_INPUT, _GRAPH_OUTPUT = 11, 12
_NODE_INPUT, _NODE_OUTPUT = 1, 2
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_EXTERNAL = 1, 2, 8, 13
_INFO_NAME, _INFO_TYPE, _TYPE_TENSOR, _TENSOR_ELEMENT, _TENSOR_SHAPE = 1, 2, 1, 1, 2
_SHAPE_DIM, _DIM_VALUE, _ENTRY_KEY, _ENTRY_VALUE = 1, 1, 1, 2
_NAMES = {1: "fp32", 10: "fp16", 16: "bf16"}
"""TensorProto.DataType of weights that are computed with as they are."""

_NUMBER, _EIGHT_BYTES, _BLOCK, _FOUR_BYTES = 0, 1, 2, 5

_ELEMENTS = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16"}

_CARRIES_ON = {
    "Identity",
    "Cast",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Reshape",
    "Resize",
    "Slice",
}
_CARRIES_ON |= {"Upsample", "QuantizeLinear", "DequantizeLinear"}
_CARRIES_ON |= {"Clip", "Dropout", "Pad", "AveragePool"}
"""Operators that leave what their input means as it is: what came before them is the network's
last word."""

_COMBINES = {"Add", "Sub", "Mul", "Div", "Pow", "Mean", "Sum", "Max", "Min", "Concat"}
"""Operators whose result means what their inputs do, where all of them mean the same and the rest
are constants: the mean of two softmaxes, or one times a number."""

_MOST_STEPS = 100
"""Tensors between the output and what gives it its meaning; more are no network's."""

Field = tuple[int, int, int]
"""Number of a field, and where its content begins and ends; for a number, its value twice."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph, as the file declares it.

    Attributes:
        name: Its name.
        dtype: NumPy's name of its type; empty where it is none of images.
        shape: Sizes of its axes; None where an axis is open. Empty where nothing is said.
    """

    name: str
    dtype: str = ""
    shape: tuple[int | None, ...] = ()

    def __str__(self) -> str:
        shape = "x".join("?" if size is None else str(size) for size in self.shape)
        return " ".join(filter(None, (repr(self.name), shape, self.dtype)))


@dataclass
class OnnxGraph:
    """What a graph takes and gives, and where its weights lie.

    Attributes:
        inputs: What it is fed with, weights left out.
        outputs: What it gives.
        last: The operator that gives the first output its meaning, such as `Conv` or `Softmax`;
            empty where that cannot be told.
        data_files: Names of the files beside the ONNX that hold weights, each with the bytes that
            it must have at least.
    """

    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    last: str = ""
    data_files: dict[str, int] = field(default_factory=dict)


def read_graph(path: Path) -> OnnxGraph:
    """Read what a graph takes and gives.

    Args:
        path: The ONNX.

    Raises:
        ModelError: The file cannot be read.
    """
    found, weights = OnnxGraph(), set()
    made_by: _Nodes = {}
    with _naming(path), path.open("rb") as file:
        for graph in _of(file, 0, file.seek(0, os.SEEK_END), _MODEL_GRAPH):
            for number, begin, end in list(_fields(file, *graph)):
                if number == _GRAPH_NODE:
                    kind = _kind(file, begin, end).decode()
                    inputs = _texts(file, begin, end, _NODE_INPUT)
                    made_by.update(
                        dict.fromkeys(_texts(file, begin, end, _NODE_OUTPUT), (kind, inputs))
                    )
                elif number == _GRAPH_INITIALIZER:
                    weights.update(_texts(file, begin, end, _TENSOR_NAME))
                    _note_data(file, begin, end, found.data_files)
                elif number == _GRAPH_INPUT:
                    found.inputs.append(_tensor(file, begin, end))
                elif number == _GRAPH_OUTPUT:
                    found.outputs.append(_tensor(file, begin, end))
    found.inputs = [one for one in found.inputs if one.name not in weights]
    if found.outputs:
        found.last = _origin(found.outputs[0].name, made_by, {})
    return found


_Nodes = dict[str, tuple[str, list[str]]]
"""By the name of a tensor: the operator that makes it, and of what."""


def _origin(name: str, made_by: _Nodes, known: dict[str, str]) -> str:
    """The operator that gives a tensor its meaning; empty for an input or a constant.

    Args:
        name: The tensor.
        made_by: All nodes.
        known: What was found already. A damaged file may go round in circles.
    """
    if name not in known:
        kind, inputs = made_by.get(name, ("", []))
        known[name] = kind = "" if kind == "Constant" else kind
        if kind not in _COMBINES:  # further inputs are sizes, scales and the like
            inputs = inputs[:1] if kind in _CARRIES_ON | {"Exp"} else []
        if not inputs or len(known) > _MOST_STEPS:
            return kind
        origins = {_origin(one, made_by, known) for one in inputs} - {""}
        if (kind == "Exp" and origins == {"LogSoftmax"}) or _is_quotient(kind, inputs, made_by):
            known[name] = "Softmax"
        elif kind != "Exp" and len(origins) == 1:
            known[name] = origins.pop()
    return known[name]


def _is_quotient(kind: str, inputs: list[str], made_by: _Nodes) -> bool:
    """Whether it is a softmax written out: exponentials over their sum."""
    if kind != "Div" or len(inputs) != 2:
        return False
    above, below = (made_by.get(name, ("", [])) for name in inputs)
    return above[0] == "Exp" and below == ("ReduceSum", [inputs[0], *below[1][1:]])


def _texts(file: BinaryIO, begin: int, end: int, number: int) -> list[str]:
    return [_text(file, *place) for place in _of(file, begin, end, number)]


def _text(file: BinaryIO, begin: int, end: int) -> str:
    file.seek(begin)
    return file.read(end - begin).decode()


def _tensor(file: BinaryIO, begin: int, end: int) -> Tensor:
    name, dtype, shape = "", "", []
    for number, start, stop in list(_fields(file, begin, end)):
        if number == _INFO_NAME:
            name = _text(file, start, stop)
        elif number == _INFO_TYPE:
            for tensor in _of(file, start, stop, _TYPE_TENSOR):
                for part, value, past in list(_fields(file, *tensor)):
                    if part == _TENSOR_ELEMENT:
                        dtype = _ELEMENTS.get(value, "")
                    elif part == _TENSOR_SHAPE:
                        shape = [_side(file, *dim) for dim in _of(file, value, past, _SHAPE_DIM)]
    return Tensor(name, dtype, tuple(shape))


def _side(file: BinaryIO, begin: int, end: int) -> int | None:
    sides = [value for number, value, _ in _fields(file, begin, end) if number == _DIM_VALUE]
    return sides[0] if sides else None


def _note_data(file: BinaryIO, begin: int, end: int, files: dict[str, int]) -> None:
    entries: dict[str, str] = {}
    for place in _of(file, begin, end, _TENSOR_EXTERNAL):
        key, value = (_texts(file, *place, part) for part in (_ENTRY_KEY, _ENTRY_VALUE))
        entries.update(zip(key, value, strict=False))
    if "location" in entries:
        least = int(entries.get("offset", 0)) + int(entries.get("length", 0))
        files[entries["location"]] = max(least, files.get(entries["location"], 0))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say in an error which file cannot be read."""
    try:
        yield
    except (OSError, IndexError, ValueError) as error:
        raise ModelError(
            received=f"{path}, which cannot be read ({error})",
            expected="an ONNX model",
            fix="copy or export the model again",
        ) from error


def stored_precision(path: Path) -> str:
    """What an ONNX computes in: `int8`, `fp16`, `bf16` or `fp32`.

    It is int8 where activations are quantised (there is a QuantizeLinear), and else the type of
    most of its weights.

    Args:
        path: The ONNX.

    Raises:
        ModelError: The file cannot be read.
    """
    with _naming(path), path.open("rb") as file:
        return _precision(file, file.seek(0, os.SEEK_END))


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
