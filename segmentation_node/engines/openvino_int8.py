"""INT8 on processors that add products up in 16 bits.

An x86 processor without VNNI multiplies bytes with VPMADDUBSW, which adds two products of
neighbouring input channels and cuts the sum off at 32767. An activation of 255 and a weight of 127
make half of twice that: two large weights side by side are too much, and a network that loses a
fifth of a point elsewhere loses twelve there. Weights of 7 bits cannot get that far.
Source: oneDNN, "Nuances of int8 Computations"; Intel SDM, PMADDUBSW.
"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.engines import openvino_runtime as runtime
from segmentation_node.errors import EngineError
from segmentation_node.hardware.sysfs import read_text

_CPUINFO = Path("/proc/cpuinfo")
_ADDS_IN_32_BITS = {"avx512_vnni", "avx_vnni", "amx_int8"}
_LARGEST = 64
"""255 * 64 twice is 32640."""


@cache
def cuts_sums_off() -> bool:
    """Whether this processor adds products of int8 up in 16 bits."""
    return platform.machine().lower() in {"x86_64", "amd64"} and not (
        _ADDS_IN_32_BITS & _flags(_CPUINFO)
    )


def narrow_weights(network: Any) -> int:
    """Give a network as OpenVINO has read it weights of 7 bits, where products are added up.

    Depthwise convolutions add up nothing of two channels, and keep their 8 bits.

    Args:
        network: An `openvino.Model`; changed in place. One without int8 weights stays as it is.

    Returns:
        How many weight tensors were changed.

    Raises:
        EngineError: There are weights in int8 that cannot be changed.
    """
    found = [one for one in network.get_ops() if _holds_weights(one)]
    for weights in found:
        for use in weights.output(0).get_target_inputs():
            _halve(use, np.asarray(weights.data), weights.get_friendly_name())
    return len(found)


def _flags(cpuinfo: Path) -> set[str]:
    lines = (read_text(cpuinfo) or "").splitlines()
    return {flag for line in lines if line.startswith("flags") for flag in line.split()}


def _holds_weights(node: Any) -> bool:
    """Whether it is a constant of whole weights, or of those that are made whole on the way."""
    if node.get_type_name() != "Constant" or len(node.shape) < 2 or _is_depthwise(node):
        return False
    if node.get_element_type() == runtime.openvino().Type.i8:
        return True
    return any(user.get_type_name() == "FakeQuantize" for user in _users(node))


def _is_depthwise(weights: Any) -> bool:
    return bool(weights.shape[1] == 1) and "GroupConvolution" in _readers(weights)


def _readers(node: Any) -> set[str]:
    """The kinds of nodes that read a constant, behind all that only makes it floats in shape."""
    kind = node.get_type_name()
    if kind not in {"Constant", "Convert", "Subtract", "Multiply", "FakeQuantize", "Reshape"}:
        return {kind}
    uses = node.output(0).get_target_inputs()
    return set().union(*(_readers(use.get_node()) for use in uses))


def _users(node: Any) -> Iterator[Any]:
    """What takes a node's output as its first input."""
    for use in node.output(0).get_target_inputs():
        if use.get_index() == 0:
            yield use.get_node()


def _halve(use: Any, weights: NDArray[Any], name: str) -> None:
    """Halve weights that go `use`'s way, and double the scale that they are multiplied with."""
    convert = use.get_node()
    multiply = _scaled(convert)
    scale = None if multiply is None else _values(multiply.input_value(1))
    if weights.dtype != np.int8 or multiply is None or scale is None:
        raise _cannot(name)
    narrow = np.clip(np.rint(weights.astype(np.float32) / 2), -_LARGEST, _LARGEST)
    narrowed = _constant(narrow.astype(np.int8))
    narrowed.set_friendly_name(name)
    use.replace_source_output(narrowed.output(0))
    shape = tuple(multiply.input_value(1).get_shape())
    # NumPy 1 makes twice a float32 without axes a float64.
    doubled = (2 * scale).astype(scale.dtype).reshape(shape)
    multiply.input(1).replace_source_output(_constant(doubled).output(0))


def _scaled(convert: Any) -> Any:
    """The multiplication behind a conversion to floats; None where the zero is not zero."""
    if convert.get_type_name() != "Convert":
        return None
    node = _only_user(convert)
    if node is not None and node.get_type_name() == "Subtract":
        zero = _values(node.input_value(1))
        node = None if zero is None or zero.any() else _only_user(node)
    return node if node is not None and node.get_type_name() == "Multiply" else None


def _only_user(node: Any) -> Any:
    users = list(_users(node))
    return users[0] if len(users) == 1 else None


def _values(output: Any) -> NDArray[Any] | None:
    """What a constant holds, be it converted or reshaped on the way; None of anything else."""
    node = output.get_node()
    while node.get_type_name() in {"Convert", "Reshape", "Unsqueeze"}:
        node = node.input_value(0).get_node()
    return np.asarray(node.data) if node.get_type_name() == "Constant" else None


def _constant(values: NDArray[Any]) -> Any:
    ov = runtime.openvino()
    # Releases of 2024 have it in `openvino.runtime` alone.
    found = getattr(ov, "op", None) or importlib.import_module("openvino.runtime.op")
    return found.Constant(np.ascontiguousarray(values))


def _cannot(name: str) -> EngineError:
    return EngineError(
        received=f"weights in int8 ({name}) that cannot be narrowed to 7 bits, on a processor "
        "without VNNI, which would add them up wrongly",
        expected="weights that the file holds as int8, with a zero point of 0 and a scale",
        fix="ask for the precision fp32, or make the network with segmentation quantize",
    )
