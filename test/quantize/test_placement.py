from __future__ import annotations

import pytest
from little_fcn import little_fcn
from onnx import helper

from segmentation_node.errors import ModelError
from segmentation_node.quantize.graph import Graph, final_layers
from segmentation_node.quantize.placement import place, place_one, place_weights


def test_inputs_of_all_layers_but_the_last_are_quantised(fcn):
    placement = place(Graph(fcn))
    assert placement.layers == ("stem", "depthwise", "project", "down", "up", "lateral")
    assert placement.float_layers == ("scores",)
    readers = {reader for pair in placement.pairs.values() for reader in pair}
    assert {(name, 0) for name in placement.layers} <= readers


def test_a_residual_sum_reads_its_shortcut_quantised_and_the_convolution_in_float(fcn):
    pairs = place(Graph(fcn)).pairs
    assert pairs["pool.out"] == (("depthwise", 0), ("residual", 0))
    assert "project.out" not in pairs


def test_a_skip_sum_joins_the_convolution_and_not_the_deconvolution(fcn):
    pairs = place(Graph(fcn)).pairs
    assert pairs["up.out"] == (("skip", 0),)
    assert "lateral.out" not in pairs


def test_a_sum_whose_convolution_stays_in_float_joins_the_other_branch(fcn):
    pairs = place(Graph(fcn), exclude=["lateral"]).pairs
    assert pairs["lateral.out"] == (("skip", 1),)
    assert "up.out" not in pairs


def test_a_sum_between_float_layers_is_left_alone(fcn):
    pairs = place(Graph(fcn), exclude=["project"]).pairs
    assert pairs["pool.out"] == (("depthwise", 0),)


def test_of_two_convolutions_the_later_one_joins_the_sum(fcn):
    two = little_fcn()
    nodes = {node.name: node for node in two.graph.node}
    nodes["residual"].input[0] = "depthwise.out"
    pairs = place(Graph(two)).pairs
    assert pairs["depthwise.out"] == (("residual", 0),)


def test_an_activation_between_convolution_and_sum_changes_nothing(fcn):
    active = little_fcn()
    nodes = {node.name: node for node in active.graph.node}
    relu = helper.make_node("Relu", ["project.out"], ["active.out"], name="active")
    active.graph.node.insert(list(nodes).index("residual"), relu)
    nodes["residual"].input[1] = "active.out"
    assert place(Graph(active)).pairs["pool.out"] == (("depthwise", 0), ("residual", 0))


def test_a_constant_added_is_no_branch(fcn):
    biased = little_fcn()
    nodes = {node.name: node for node in biased.graph.node}
    nodes["residual"].input[0] = "project.b"
    assert ("residual", 0) not in place(Graph(biased)).pairs.get("project.out", ())


def test_the_last_layer_is_quantised_on_demand(fcn):
    placement = place(Graph(fcn), quantize_last=True)
    assert placement.layers[-1] == "scores"
    assert placement.float_layers == ()


def test_one_layer_alone(fcn):
    placement = place_one(Graph(fcn), "down")
    assert (placement.layers, placement.pairs) == (("down",), {"residual.out": (("down", 0),)})


def test_weights_alone_need_no_pairs(fcn):
    placement = place_weights(Graph(fcn), exclude=["stem"])
    assert len(placement.layers) == 6
    assert placement.float_layers == ("stem",)
    assert placement.pairs == {}


def test_an_unknown_node_is_named_with_others_like_it(fcn):
    with pytest.raises(ModelError, match=r"the node 'depth'.*such as depthwise"):
        place(Graph(fcn), exclude=["depth"])


def test_only_layers_can_be_excluded(fcn):
    with pytest.raises(ModelError, match="'clip', a Clip; expected Conv or ConvTranspose"):
        place(Graph(fcn), exclude=["clip"])


def test_excluding_everything_is_refused(fcn):
    names = place(Graph(fcn)).layers
    with pytest.raises(ModelError, match="no layer left"):
        place(Graph(fcn), exclude=names)


def test_what_enlarges_scores_makes_none_itself(fcn):
    enlarged = little_fcn()
    scores = enlarged.graph.node[-1]
    scores.output[0] = "small"
    up = helper.make_node(
        "ConvTranspose", ["small", "enlarge.w"], ["logits"], name="enlarge", strides=[2, 2], group=4
    )
    weights = helper.make_tensor("enlarge.w", 1, [4, 1, 2, 2], [1.0] * 16)
    enlarged.graph.initializer.append(weights)
    enlarged.graph.node.append(up)
    assert final_layers(Graph(enlarged)) == {"scores", "enlarge"}
