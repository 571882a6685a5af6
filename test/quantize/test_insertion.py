from __future__ import annotations

import numpy as np
import onnx
import pytest
from little_fcn import little_fcn
from onnx import helper, numpy_helper

from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.insertion import insert
from segmentation_node.quantize.measured import Measured
from segmentation_node.quantize.placement import place, place_weights
from segmentation_node.quantize.sensitivity import difference
from segmentation_node.quantize.sessions import Session


def image(height=64, width=96, seed=1):
    return np.random.default_rng(seed).normal(size=(1, 3, height, width)).astype(np.float32)


def run(network):
    return Session(network, exact=True).run(image())[0][0]


def measured(fcn, tensors, means=True):
    """Ranges that cut nothing off, from one image."""
    tapped = onnx.ModelProto()
    tapped.CopyFrom(fcn)
    inner = [name for name in tensors if name != "image"]
    tapped.graph.output.extend(helper.make_tensor_value_info(n, 1, None) for n in inner)
    import onnxruntime  # noqa: PLC0415

    session = onnxruntime.InferenceSession(tapped.SerializeToString())
    values = dict(zip(inner, session.run(inner, {"image": image()}), strict=True))
    values["image"] = image()
    return {
        name: Measured(float(np.abs(v).max()), tuple(v.mean(axis=(0, 2, 3)) * means))
        for name, v in values.items()
    }


def test_logits_stay_close_to_the_float_network(fcn):
    placement = place(Graph(fcn))
    quantised = insert(fcn, placement, measured(fcn, placement.pairs))
    onnx.checker.check_model(quantised, full_check=True)
    assert difference([run(fcn)], [run(quantised)]).logits_error < 0.05


def test_the_float_network_is_left_as_it_is(fcn):
    before = fcn.SerializeToString()
    insert(fcn, place_weights(Graph(fcn)), {})
    assert fcn.SerializeToString() == before


def test_float_weights_are_gone_and_names_of_inputs_and_outputs_stay(fcn):
    quantised = insert(fcn, place_weights(Graph(fcn)), {})
    names = {tensor.name for tensor in quantised.graph.initializer}
    assert not {f"{layer}.w" for layer in ("stem", "up", "scores")} & names
    assert (quantised.graph.input[0].name, quantised.graph.output[0].name) == ("image", "logits")


def test_a_tensor_with_two_readers_has_one_pair(fcn):
    placement = place(Graph(fcn))
    quantised = insert(
        fcn,
        placement,
        {n: Measured(1.0, (0.0,) * 8) for n in placement.pairs}
        | {"image": Measured(1.0, (0.0,) * 3), "skip.out": Measured(1.0, (0.0,) * 6)},
    )
    pairs = [node for node in quantised.graph.node if node.op_type == "QuantizeLinear"]
    assert len(pairs) == len(placement.pairs)
    assert len({node.input[0] for node in pairs}) == len(pairs)


def test_weights_that_two_layers_share_are_stored_once():
    shared = little_fcn()
    nodes = {node.name: node for node in shared.graph.node}
    nodes["lateral"].input[1] = "project.w"
    nodes["lateral"].input[2] = "project.b"
    nodes["up"].input[1] = "up8.w"
    nodes["scores"].input[1] = "scores8.w"
    rng = np.random.default_rng(0)
    for name, shape in (("up8.w", (8, 8, 4, 4)), ("scores8.w", (8, 4, 4, 4))):
        weights = rng.normal(size=shape).astype(np.float32)
        shared.graph.initializer.append(numpy_helper.from_array(weights, name))
    quantised = insert(shared, place_weights(Graph(shared)), {})
    onnx.checker.check_model(quantised, full_check=True)
    int8 = [t.name for t in quantised.graph.initializer if t.name.endswith("_int8")]
    assert int8.count("project.w_axis0_int8") == 1


def test_the_bias_takes_up_what_rounding_does_to_the_mean(fcn):
    weights = numpy_helper.to_array(next(t for t in fcn.graph.initializer if t.name == "down.w"))
    placement = place(Graph(fcn))
    tensors = measured(fcn, placement.pairs)
    quantised = insert(fcn, placement, tensors)
    plain = insert(fcn, placement, measured(fcn, placement.pairs, means=False))

    def bias(network):
        node = next(n for n in network.graph.node if n.name == "down")
        return numpy_helper.to_array(Graph(network).constants[node.input[2]])

    def of(network, name):
        return numpy_helper.to_array(Graph(network).constants[name]).astype(np.float32)

    scales = of(quantised, "down.w_axis0_scale").reshape(-1, 1, 1, 1)
    error = of(quantised, "down.w_axis0_int8") * scales - weights
    means = np.float32(tensors["residual.out"].means)
    assert bias(plain) - bias(quantised) == pytest.approx(error.sum(axis=(2, 3)) @ means, abs=1e-5)


def test_a_layer_without_a_bias_gets_one_for_the_correction(fcn):
    placement = place(Graph(fcn))
    quantised = insert(fcn, placement, measured(fcn, placement.pairs))
    up = next(node for node in quantised.graph.node if node.name == "up")
    assert len(up.input) == 3
    assert Graph(quantised).constants[up.input[2]].dims == [6]
