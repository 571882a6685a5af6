"""What became of each layer: asked of the plan itself, which must be loaded for it.

The inspector's JSON differs between releases: TensorRT 10 writes a tensor's format and type into
one text, TensorRT 11 into two.
Source: TensorRT, "Engine Inspector"; "Migrating IEngineInspector Usage from TensorRT 10.x to 11.x".
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from segmentation_node.errors import EngineError

_TYPE_KEYS = ("DataType", "Datatype", "Format/Datatype", "Format")
_WORDS = (
    ("fp8", r"fp8"),
    ("int8", r"int8"),
    ("bf16", r"bf16|bfloat16"),
    ("fp16", r"fp16|half|float16"),
    ("fp32", r"fp32|float"),
    ("int32", r"int32"),
)
"""Our name of each type, and TensorRT's words for it, the longer word before its part."""

_FLOATS = ("fp32", "fp16", "bf16")


@dataclass(frozen=True)
class LayerReport:
    """One layer of a plan, after fusion.

    Args:
        name: The names of the ONNX nodes that it does.
        kind: TensorRT's kind of layer.
        precision: Types of its inputs and outputs, as `fp16` or `int8 > fp16`; empty where the
            plan does not say.
        tactic: The kernel; empty where the plan does not say.
    """

    name: str
    kind: str
    precision: str
    tactic: str

    def to_mapping(self) -> dict[str, str]:
        """Give it as plain values, for JSON."""
        return asdict(self)


def read_layers(text: str) -> list[LayerReport]:
    """Read the inspector's JSON, of any release.

    Raises:
        EngineError: It is no such JSON.
    """
    try:
        # Not strictly: the ONNX nodes of a fused layer are told apart by control characters.
        layers = json.loads(text, strict=False)["Layers"]
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(
            received=f"layers that cannot be read: {text[:60]!r}",
            expected="the engine inspector's JSON, with its Layers",
            fix="build the engine again with this version of the package",
        ) from error
    return [_layer(layer) for layer in layers]


def count_precisions(layers: Iterable[LayerReport]) -> dict[str, int]:
    """How many layers there are of each precision."""
    return dict(Counter(layer.precision or "not said" for layer in layers).most_common())


def precision_in_use(layers: Iterable[LayerReport]) -> str:
    """What a plan computes in: int8 where any layer reads it, else what most layers read.

    Empty where the plan does not say: TensorRT for RTX decides on some layers when it runs.
    """
    types = [one.precision.partition(" > ")[0].split("+") for one in layers if one.precision]
    if any("int8" in found for found in types):
        return "int8"
    floats = Counter(name for found in types for name in found if name in _FLOATS)
    return floats.most_common(1)[0][0] if floats else ""


def _layer(layer: str | Mapping[str, Any]) -> LayerReport:
    # Plans of other builders may hold the layers' names alone.
    if isinstance(layer, str):
        return LayerReport(layer, "", "", "")
    before, after = (_types(layer.get(side, ())) for side in ("Inputs", "Outputs"))
    both = " > ".join(dict.fromkeys(types for types in (before, after) if types))
    tactic = str(layer.get("TacticName", ""))
    return LayerReport(str(layer.get("Name", "")), str(layer.get("LayerType", "")), both, tactic)


def _types(tensors: Iterable[Mapping[str, Any]]) -> str:
    return "+".join(dict.fromkeys(name for tensor in tensors if (name := _type(tensor))))


def _type(tensor: Mapping[str, Any]) -> str:
    said = next((str(tensor[key]).lower() for key in _TYPE_KEYS if tensor.get(key)), "")
    return next((name for name, words in _WORDS if re.search(words, said)), "")
