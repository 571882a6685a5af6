from __future__ import annotations

import numpy as np
import onnx
import pytest
from little_fcn import little_fcn
from onnx import TensorProto, helper, numpy_helper

from segmentation_node.errors import ModelError
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.half import to_half
from segmentation_node.quantize.insertion import insert
from segmentation_node.quantize.measured import Measured
from segmentation_node.quantize.placement import place_one, place_weights
from segmentation_node.quantize.rules import check
from segmentation_node.quantize.sensitivity import difference
from segmentation_node.quantize.sessions import Session


def run(network):
    image = np.random.default_rng(1).normal(size=(1, 3, 64, 96)).astype(np.float32)
    return Session(network, exact=True).run(image)[0][0]


def opset(network):
    return network.opset_import[0].version


def test_logits_are_those_of_the_float_network_to_half_precision(fcn):
    found = difference([run(fcn)], [run(to_half(fcn))])
    assert 0 < found.logits_error < 2e-3


def test_input_and_logits_stay_float32_and_the_rest_is_half(fcn):
    half = to_half(fcn)
    ends = [*half.graph.input, *half.graph.output]
    assert {end.type.tensor_type.elem_type for end in ends} == {TensorProto.FLOAT}
    assert {t.data_type for t in half.graph.initializer} == {TensorProto.FLOAT16}
    casts = [node for node in half.graph.node if node.op_type == "Cast"]
    assert {casts[0].input[0], casts[1].output[0]} == {"image", "logits"}


def test_the_float_network_is_left_as_it_is(fcn):
    before = fcn.SerializeToString()
    to_half(fcn)
    assert fcn.SerializeToString() == before


def with_resize(opset_version=17):
    """The little network with a Resize in front of its deconvolution."""
    network = little_fcn(opset=opset_version)
    scales = numpy_helper.from_array(np.float32([1, 1, 2, 2]), "scales")
    network.graph.initializer.append(scales)
    nodes = {node.name: node for node in network.graph.node}
    resize = helper.make_node(
        "Resize", ["down.out", "", "scales"], ["resized"], name="resize", mode="linear"
    )
    network.graph.node.insert(list(nodes).index("up"), resize)
    pool = helper.make_node(
        "MaxPool", ["resized"], ["up.in"], name="shrink", kernel_shape=[2, 2], strides=[2, 2]
    )
    network.graph.node.insert(list(nodes).index("up") + 1, pool)
    nodes["up"].input[0] = "up.in"
    return network


def test_a_resize_reads_its_scales_as_float32_without_a_cast():
    half = to_half(with_resize())
    resize = next(node for node in half.graph.node if node.op_type == "Resize")
    assert Graph(half).constants[resize.input[2]].data_type == TensorProto.FLOAT
    assert check(half) == []


@pytest.mark.parametrize("version", [13, 17, 21])
def test_opsets_below_19_are_raised_and_newer_ones_stay(version):
    half = to_half(with_resize(version))
    assert opset(half) == max(version, 19)
    onnx.checker.check_model(half, full_check=True)


def test_a_quantised_network_keeps_int8_weights_and_gets_half_scales(fcn):
    graph = Graph(fcn)
    tensors = {"residual.out": Measured(4.0, (0.1,) * 8)}
    half = to_half(insert(fcn, place_one(graph, "down"), tensors, half=True))
    constants = Graph(half).constants
    assert constants["down.w_axis0_int8"].data_type == TensorProto.INT8
    assert constants["down.w_axis0_scale"].data_type == TensorProto.FLOAT16
    assert run(half).shape == run(fcn).shape
    assert check(half) == []


def test_scales_that_half_precision_cannot_hold_do_not_become_0(fcn):
    small = onnx.ModelProto()
    small.CopyFrom(fcn)
    weights = next(t for t in small.graph.initializer if t.name == "project.w")
    array = numpy_helper.to_array(weights) * np.float32(1e-9)
    weights.CopyFrom(numpy_helper.from_array(array, "project.w"))
    half = to_half(insert(small, place_weights(Graph(small)), {}, half=True))
    assert (numpy_helper.to_array(Graph(half).constants["project.w_axis0_scale"]) > 0).all()
    assert np.isfinite(run(half)).all()


def test_a_weight_beyond_half_precision_is_named(fcn):
    large = onnx.ModelProto()
    large.CopyFrom(fcn)
    bias = next(t for t in large.graph.initializer if t.name == "down.b")
    bias.CopyFrom(numpy_helper.from_array(np.full(8, 1e6, np.float32), "down.b"))
    with pytest.raises(ModelError, match=r"a weight of 1e\+06 in down; expected at most 65504"):
        to_half(large)
