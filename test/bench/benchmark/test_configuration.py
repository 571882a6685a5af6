from __future__ import annotations

import pytest

from segmentation_node.bench.benchmark.configuration import (
    Configuration,
    configurations,
    told_apart,
)
from segmentation_node.bench.benchmark.table import configuration_name
from segmentation_node.core.geometry import NetworkSize

SMALL = NetworkSize(32, 64)


def test_each_model_meets_each_size_engine_and_precision() -> None:
    found = configurations(["a", "b"], ["auto"], ["fp32", "int8"], [None, SMALL])
    assert len(found) == 8
    assert found[0] == Configuration("a", "auto", "fp32", None, "a")
    assert found[1] == Configuration("a", "auto", "int8", None, "a")
    assert found[-1] == Configuration("b", "auto", "int8", SMALL, "b")


def test_what_is_asked_for_twice_is_measured_once() -> None:
    assert len(configurations(["a", "a"], ["auto"], ["fp32", "fp32"], [SMALL, SMALL])) == 1


def test_a_configuration_says_what_it_is_in_words_and_as_plain_values() -> None:
    one = Configuration("folder/net.onnx", "openvino", "bf16", SMALL)
    assert one.name == "net, openvino, bf16, 32x64"
    assert Configuration("camvid").name == "camvid, auto, auto, default size"
    assert one.to_mapping()["network_size"] == "32x64"
    assert Configuration("camvid").to_mapping()["network_size"] is None


@pytest.mark.parametrize(
    ("models", "called"),
    [
        (["camvid", "runs/site/own.onnx"], ["camvid", "own"]),
        (["a/own.onnx", "b/own.onnx"], ["a/own", "b/own"]),
        (["a/x/own.onnx", "b/x/own.onnx", "a/own.onnx"], ["a/x/own", "b/x/own", "a/own"]),
        (["own", "a/own.onnx"], ["own", "a/own"]),
        (["/a/own.onnx", "/b/own.onnx"], ["a/own", "b/own"]),
        (["own.onnx", "own.onnx"], ["own", "own"]),
    ],
)
def test_models_with_one_file_name_are_told_apart_by_their_folders(
    models: list[str], called: list[str]
) -> None:
    assert [told_apart(models)[model] for model in models] == called


def test_the_rows_and_tables_of_two_files_of_one_name_say_which_is_which() -> None:
    a, b = configurations(["a/own.onnx", "b/own.onnx"], ["auto"], ["fp32"], [SMALL])
    assert (a.name, b.name) == ("a/own, auto, fp32, 32x64", "b/own, auto, fp32, 32x64")
    asked = {**b.to_mapping(), "called": b.title}
    assert configuration_name({"runs": None, "asked": asked}).startswith("b/own 32x64")
