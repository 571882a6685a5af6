from __future__ import annotations

import onnx
import pytest
from little_fcn import little_fcn
from onnx import helper
from small_network import write_network

from segmentation_node.errors import ModelError
from segmentation_node.model import load_model
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.half import to_half
from segmentation_node.quantize.insertion import insert
from segmentation_node.quantize.network import read_network, read_onnx
from segmentation_node.quantize.placement import place_weights


def written(tmp_path, network, **changes):
    content = {"classes": 4, "stride": 2, **changes}
    return load_model(write_network(tmp_path, network.SerializeToString(), **content))


def test_constants_become_initialisers_and_weights_are_found(tmp_path):
    network = little_fcn()
    weights = next(t for t in network.graph.initializer if t.name == "down.w")
    network.graph.node.insert(0, helper.make_node("Constant", [], ["down.w"], value=weights))
    network.graph.initializer.remove(weights)
    read = read_network(written(tmp_path, network))
    assert "Constant" not in {node.op_type for node in read.graph.node}
    assert "down" in {node.name for node in Graph(read).weighted()}
    onnx.checker.check_model(read, full_check=True)


def test_nodes_without_a_name_or_with_the_same_get_one(tmp_path):
    network = little_fcn()
    network.graph.node[0].name = ""
    network.graph.node[3].name = network.graph.node[5].name = "same"
    read = read_network(written(tmp_path, network))
    assert len({node.name for node in read.graph.node}) == len(read.graph.node)


def test_a_quantised_network_is_refused(tmp_path):
    fcn = little_fcn()
    model = written(tmp_path, insert(fcn, place_weights(Graph(fcn)), {}))
    with pytest.raises(ModelError, match=r"with the node \S+_dequantized; expected a float32"):
        read_network(model)


def test_a_half_precision_network_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"half-precision .*; expected a float32 network"):
        read_network(written(tmp_path, to_half(little_fcn())))


def test_a_network_with_two_outputs_is_refused(tmp_path):
    network = little_fcn()
    network.graph.output.append(helper.make_tensor_value_info("pool.out", 1, None))
    with pytest.raises(ModelError, match="1 inputs and 2 outputs"):
        read_network(written(tmp_path, network))


def test_a_sidecar_that_disagrees_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"as small\.yaml says"):
        read_network(written(tmp_path, little_fcn(), classes=5))


def test_weights_that_are_computed_are_left_in_float():
    network = little_fcn()
    double = helper.make_node("Mul", ["down.w", "high"], ["double"], name="double")
    network.graph.node.insert(0, double)
    next(n for n in network.graph.node if n.name == "down").input[1] = "double"
    assert "down" in place_weights(Graph(network)).float_layers


@pytest.mark.parametrize("content", [b"", b"not an onnx", b"\x08\x08\x3a\x03abc"])
def test_a_file_that_is_no_network_is_one_sentence(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        read_onnx(path)
