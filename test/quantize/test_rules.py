from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.half import to_half
from segmentation_node.quantize.insertion import insert
from segmentation_node.quantize.measured import Measured
from segmentation_node.quantize.placement import place, place_weights
from segmentation_node.quantize.rules import Precisions, check, precisions


def quantised(fcn, *, half=False, **options):
    placement = place(Graph(fcn), **options)
    tensors = {name: Measured(4.0, tuple([0.5] * channels(fcn, name))) for name in placement.pairs}
    return insert(fcn, placement, tensors, half=half)


def channels(fcn, tensor):
    return {"image": 3, "up.out": 6, "lateral.out": 6, "skip.out": 6}.get(tensor, 8)


@pytest.fixture
def model(fcn):
    return quantised(fcn)


def nodes(model):
    return {node.name: node for node in model.graph.node}


def constant(model, name):
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def replace(model, name, array):
    constant(model, name).CopyFrom(numpy_helper.from_array(np.asarray(array), name))


def add_pair(model, tensor, reader, index, name="extra"):
    """Put another Q/DQ pair, a right one, between a tensor and one reader of it."""
    parts = ["pool.out_scale", "pool.out_zero"]
    node = nodes(model)[reader]
    q = helper.make_node("QuantizeLinear", [tensor, *parts], [f"{name}.q"], name=f"{name}.q")
    dq = helper.make_node("DequantizeLinear", [f"{name}.q", *parts], [name], name=name)
    place = list(nodes(model)).index(reader)
    model.graph.node.insert(place, q)
    model.graph.node.insert(place + 1, dq)
    node.input[index] = name


def found(model, **options):
    return {(v.rule, v.node) for v in check(model, **options)}


def test_our_own_networks_break_no_rule(fcn, model):
    assert check(model) == []
    assert check(insert(fcn, place_weights(Graph(fcn)), {})) == []
    assert check(to_half(fcn)) == []
    assert check(to_half(quantised(fcn, half=True))) == []


def test_layers_are_counted_by_precision(fcn, model):
    weights = insert(fcn, place_weights(Graph(fcn), ["stem"]), {}, half=True)
    assert precisions(fcn) == Precisions(0, 0, 0, 7)
    assert precisions(model) == Precisions(6, 0, 0, 1)
    assert precisions(to_half(weights)) == Precisions(0, 6, 1, 0)


def test_a_zero_point_other_than_0_is_named(model):
    replace(model, "pool.out_zero", np.int8(3))
    assert ("symmetric-int8", "pool.out_int8") in found(model)


def test_a_missing_zero_point_means_uint8_and_is_named(model):
    del nodes(model)["pool.out_int8"].input[2]
    assert ("symmetric-int8", "pool.out_int8") in found(model)


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, np.nan])
def test_a_scale_that_is_none_is_named(model, scale):
    replace(model, "pool.out_scale", np.float32(scale))
    assert ("scale", "pool.out_int8") in found(model)


def test_scales_for_each_channel_of_an_activation_are_named(model):
    replace(model, "pool.out_scale", np.ones(8, np.float32))
    replace(model, "pool.out_zero", np.zeros(8, np.int8))
    assert ("scale", "pool.out_int8") in found(model)


def test_a_pair_with_two_scales_is_named(model):
    nodes(model)["pool.out_dequantized"].input[1] = "clip.out_scale"
    assert found(model) == {("pair", "pool.out_int8")}


def test_a_tensor_quantised_twice_is_named(model):
    add_pair(model, "pool.out", "depthwise", 0)
    assert ("pair", "extra.q") in found(model)


def test_scales_along_the_wrong_axis_of_a_deconvolution_are_named(model):
    dequantize = nodes(model)["up.w_axis1_dequantized"]
    dequantize.attribute[0].i = 0
    replace(model, "up.w_axis1_scale", np.ones(8, np.float32))
    replace(model, "up.w_axis1_zero", np.zeros(8, np.int8))
    onnx.checker.check_model(model, full_check=True)  # it sees nothing wrong
    assert found(model) == {("weight-axis", "up")}


def test_scales_along_the_wrong_axis_of_a_convolution_are_named(model):
    nodes(model)["down.w_axis0_dequantized"].attribute[0].i = 1
    assert found(model) == {("weight-axis", "down")}


def test_one_scale_for_all_weights_is_named(model):
    replace(model, "down.w_axis0_scale", np.float32(1))
    replace(model, "down.w_axis0_zero", np.int8(0))
    assert found(model) == {("weight-axis", "down")}


def test_a_layer_with_float_weights_behind_a_pair_is_named(model):
    model.graph.initializer.append(
        numpy_helper.from_array(np.ones((8, 8, 3, 3), np.float32), "plain")
    )
    nodes(model)["down"].input[1] = "plain"
    assert found(model) == {("weighted-inputs", "down")}


def test_a_layer_with_int8_weights_and_a_float_input_is_named(model):
    nodes(model)["down"].input[0] = "residual.out"
    assert found(model) == {("weighted-inputs", "down")}


def test_a_quantised_bias_is_named(model):
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(8, np.int32), "bias32"))
    parts = ["bias32", "down.w_axis0_scale"]
    node = helper.make_node("DequantizeLinear", parts, ["bias.dq"], name="bias.dq", axis=0)
    model.graph.node.insert(0, node)
    nodes(model)["down"].input[2] = "bias.dq"
    assert ("bias", "down") in found(model)


@pytest.mark.parametrize(
    ("source", "activation"), [("stem.out", "relu"), ("depthwise.out", "clip")]
)
def test_a_pair_between_convolution_and_activation_is_named(model, source, activation):
    add_pair(model, source, activation, 0)
    assert found(model) == {("conv-activation", activation)}


def test_a_sum_with_two_quantised_branches_is_named(model):
    add_pair(model, "project.out", "residual", 1)
    assert found(model) == {("residual-add", "residual")}


def test_a_sum_with_no_quantised_branch_is_named(model):
    nodes(model)["residual"].input[0] = "pool.out"
    assert found(model) == {("residual-add", "residual")}


def test_quantised_last_layers_are_named_unless_they_may_be(fcn):
    model = quantised(fcn, quantize_last=True)
    assert found(model) == {("last-layers", "scores")}
    assert found(model, allow_last=True) == set()


def test_ends_that_are_not_float32_are_named(model):
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    assert found(model) == {("float32-ends", "logits")}


def test_a_float32_constant_in_a_half_precision_network_is_named(fcn):
    model = to_half(fcn)
    replace(model, "down.b", np.zeros(8, np.float32))
    assert found(model) == {("half", "down")}


def test_a_half_precision_constant_that_overflowed_is_named(fcn):
    model = to_half(fcn)
    replace(model, "down.b", np.full(8, np.inf, np.float16))
    assert found(model) == {("half", "down")}


def test_a_cast_within_a_half_precision_network_is_named(fcn):
    model = to_half(fcn)
    node = helper.make_node("Cast", ["pool.out"], ["cast"], name="cast", to=1)
    model.graph.node.insert(list(nodes(model)).index("depthwise"), node)
    nodes(model)["depthwise"].input[0] = "cast"
    assert found(model) == {("half", "cast")}


def test_an_opset_without_half_precision_scales_is_named(fcn):
    model = to_half(quantised(fcn, half=True))
    model.opset_import[0].version = 17
    assert {rule for rule, _ in found(model)} == {"half"}


def test_a_violation_reads_as_a_sentence(model):
    nodes(model)["down"].input[0] = "residual.out"
    (violation,) = check(model)
    assert str(violation) == ("down: its weights are quantised, its input not (weighted-inputs)")
