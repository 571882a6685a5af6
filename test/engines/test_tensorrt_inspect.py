from __future__ import annotations

import json
from typing import Any

import pytest

from segmentation_node.engines.tensorrt_inspect import (
    count_precisions,
    precision_in_use,
    read_layers,
)
from segmentation_node.errors import EngineError


def layer(inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    names = {"Name": "conv1 + relu1", "LayerType": "CaskConvolution", "TacticName": "sm80_xmma"}
    return {**names, "Inputs": inputs, "Outputs": outputs}


def read(*layers: Any) -> Any:
    return read_layers(json.dumps({"Layers": layers}))


@pytest.mark.parametrize(
    ("before", "after", "precision"),
    [
        ({"Format/Datatype": "Row major linear FP32"}, {"Format/Datatype": "Float"}, "fp32"),
        (
            {"Format/Datatype": "Thirty-two wide channel vectorized row major Int8 format."},
            {"Format/Datatype": "Channel major FP16 format where channel % 8 == 0"},
            "int8 > fp16",
        ),
        (
            {"Format": "Row major linear (kLINEAR)", "DataType": "Half"},
            {"Format": "kLINEAR", "DataType": "BFloat16"},
            "fp16 > bf16",
        ),
        ({"Format/Datatype": "N/A due to dynamic shapes"}, {"DataType": "Int8"}, "int8"),
        ({}, {}, ""),
    ],
    ids=["10, fp32", "10, int8", "11", "dynamic", "not said"],
)
def test_precisions_are_read_from_every_release(
    before: dict[str, str], after: dict[str, str], precision: str
) -> None:
    (found,) = read(layer([before], [after]))
    assert found.precision == precision
    assert (found.name, found.kind, found.tactic) == (
        "conv1 + relu1",
        "CaskConvolution",
        "sm80_xmma",
    )


def test_names_alone_are_read_as_well() -> None:
    (found,) = read("conv1 + relu1")
    assert (found.name, found.precision) == ("conv1 + relu1", "")


def test_control_characters_between_the_names_of_fused_nodes_are_read_over() -> None:
    text = '{"Layers": [{"Name": "c", "Metadata": "[ONNX Layer: a]\x1f[ONNX Layer: b]"}]}'
    assert [found.name for found in read_layers(text)] == ["c"]


def test_layers_are_counted_by_precision() -> None:
    half, whole = {"DataType": "Half"}, {"DataType": "Int8"}
    found = read(layer([half], [half]), layer([whole], [half]), layer([half], [half]), "name")
    assert count_precisions(found) == {"fp16": 2, "int8 > fp16": 1, "not said": 1}


@pytest.mark.parametrize("text", ["", "{}", "[]", "{"])
def test_what_is_no_inspection_is_an_error(text: str) -> None:
    with pytest.raises(EngineError, match="layers that cannot be read"):
        read_layers(text)


@pytest.mark.parametrize(
    ("reads", "precision"),
    [
        (["Float", "Float"], "fp32"),
        (["Float", "Half", "Half"], "fp16"),
        (["Half", "Half", "Int8"], "int8"),
        (["Float", "Float", "Half", "BFloat16"], "fp32"),
        ([""], ""),
    ],
    ids=["fp32", "a cast and fp16", "int8 and the rest", "mostly fp32", "not said"],
)
def test_the_precision_in_use_is_what_layers_read(reads: list[str], precision: str) -> None:
    layers = [layer([{"DataType": word}], [{"DataType": "Float"}]) for word in reads]
    if precision:
        assert precision_in_use(read(*layers)) == precision
    else:
        assert precision_in_use(read("conv1")) == ""
