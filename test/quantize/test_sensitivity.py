from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import load_model
from segmentation_node.quantize.calibrate import Method, calibrate
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.images import ImageSet
from segmentation_node.quantize.placement import place
from segmentation_node.quantize.sensitivity import difference, rank_layers

SIZE = NetworkSize(64, 96)


@pytest.fixture
def samples(model_path, photos):
    return list(ImageSet.read([photos], 3).samples(load_model(model_path), SIZE))


def ranked(network, samples, progress=None):
    placement = place(Graph(network))
    inputs = [sample.input for sample in samples]
    tensors = calibrate(
        network, list(placement.pairs), lambda: inputs, len(inputs), SIZE, Method("minmax")
    )
    return rank_layers(network, placement, tensors, samples, progress)


def test_every_layer_of_the_placement_is_ranked_worst_first(fcn, samples):
    seen = []
    ranking = ranked(fcn, samples, lambda done, total: seen.append((done, total)))
    assert {one.layer for one in ranking} == set(place(Graph(fcn)).layers)
    errors = [one.difference.logits_error for one in ranking]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] > 0
    assert seen[-1] == (6, 6)


def test_a_layer_that_int8_spoils_comes_first(fcn, samples):
    spoilt = onnx.ModelProto()
    spoilt.CopyFrom(fcn)
    weights = next(t for t in spoilt.graph.initializer if t.name == "project.w")
    array = numpy_helper.to_array(weights).copy()
    # One weight that no image ever meets (its channel is cut to 0) takes the whole scale.
    array[:, 0] = 3e4
    weights.CopyFrom(numpy_helper.from_array(array, "project.w"))
    bias = next(t for t in spoilt.graph.initializer if t.name == "depthwise.b")
    cut = numpy_helper.to_array(bias).copy()
    cut[0] = -1e3
    bias.CopyFrom(numpy_helper.from_array(cut, "depthwise.b"))
    assert ranked(spoilt, samples)[0].layer == "project"


def test_difference_of_equal_logits_is_none():
    logits = [np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)]
    same = difference(logits, logits)
    assert (same.logits_error, same.label_agreement) == (0, 1)


def test_difference_is_relative_and_counts_cells():
    truth = np.zeros((2, 1, 4), np.float32)
    truth[0] = 1
    found = truth.copy()
    found[:, 0, 0] = [0, 1]  # one cell of four changes its class
    result = difference([truth], [found])
    assert result.logits_error == pytest.approx(np.sqrt(2 / 4))
    assert result.label_agreement == 0.75
    assert result.kept == {}  # too few cells to say anything of a class


def test_difference_says_what_share_of_its_cells_each_class_keeps():
    truth = np.zeros((3, 10, 20), np.float32)
    truth[0, :5], truth[1, 5:], truth[2, 0, 0] = 1, 1, 2
    found = truth.copy()
    found[2, 5] = 3  # 20 of the second class's 100 cells become the third
    assert difference([truth], [found]).kept == {0: 1.0, 1: pytest.approx(0.8)}


def test_difference_says_what_each_class_gains_and_which_are_too_rare() -> None:
    truth = np.zeros((3, 10, 20), np.float32)
    truth[0, :5], truth[1, 5:], truth[2, 0, 0] = 1, 1, 2
    found = truth.copy()
    found[0, 5:7] = 3  # 40 of the second class's 100 cells become the first
    result = difference([truth], [found])
    assert result.kept == {0: 1.0, 1: pytest.approx(0.6)}
    assert result.gained == {0: pytest.approx(40 / 99), 1: 0.0}
    assert result.unjudged == (2,)
    assert result.mean_iou == pytest.approx((99 / 139 + 0.6) / 2)
