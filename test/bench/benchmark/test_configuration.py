from __future__ import annotations

from segmentation_node.bench.benchmark.configuration import Configuration, configurations
from segmentation_node.core.geometry import NetworkSize

SMALL = NetworkSize(32, 64)


def test_each_model_meets_each_size_engine_and_precision() -> None:
    found = configurations(["a", "b"], ["auto"], ["fp32", "int8"], [None, SMALL])
    assert len(found) == 8
    assert found[0] == Configuration("a", "auto", "fp32", None)
    assert found[1] == Configuration("a", "auto", "int8", None)
    assert found[-1] == Configuration("b", "auto", "int8", SMALL)


def test_what_is_asked_for_twice_is_measured_once() -> None:
    assert len(configurations(["a", "a"], ["auto"], ["fp32", "fp32"], [SMALL, SMALL])) == 1


def test_a_configuration_says_what_it_is_in_words_and_as_plain_values() -> None:
    one = Configuration("folder/net.onnx", "openvino", "bf16", SMALL)
    assert one.name == "net, openvino, bf16, 32x64"
    assert Configuration("camvid").name == "camvid, auto, auto, default size"
    assert one.to_mapping()["network_size"] == "32x64"
    assert Configuration("camvid").to_mapping()["network_size"] is None
