from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import EngineError
from segmentation_node.quantize.activations import groups, watch
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.placement import place
from segmentation_node.quantize.sessions import Session

SIZE = NetworkSize(64, 96)
STEM_BYTES = 4 * 8 * 32 * 48  # the tensors of the first layers, 1x8x32x48 floats


@pytest.fixture(scope="module")
def tensors(fcn):
    return list(place(Graph(fcn)).pairs)


def image(seed):
    return np.random.default_rng(seed).normal(size=(1, 3, 64, 96)).astype(np.float32)


def images():
    return (image(seed) for seed in range(3))


def test_tensors_of_every_image_are_given(fcn, tensors):
    seen = list(watch(fcn, tensors, images, SIZE))
    assert len(seen) == 3
    assert all(set(values) == set(tensors) for values in seen)
    assert np.array_equal(seen[1]["image"], image(1))
    assert seen[0]["pool.out"].shape == (1, 8, 16, 24)


def test_groups_give_the_same_tensors_as_one_run(fcn, tensors):
    whole = list(watch(fcn, tensors, images, SIZE))
    parts = list(watch(fcn, tensors, images, SIZE, budget_bytes=STEM_BYTES))
    assert len(parts) > len(whole)
    for part in parts:
        assert any(
            all(np.allclose(part[name], values[name], atol=1e-5) for name in part)
            for values in whole
        )
    assert {name for part in parts for name in part} == set(tensors)


def test_no_group_is_larger_than_the_budget_or_one_tensor(fcn):
    names = ["relu.out", "pool.out", "clip.out", "residual.out"]
    assert groups(fcn, names, SIZE, STEM_BYTES) == [names[:1], names[1:]]
    assert groups(fcn, names, SIZE, 1) == [[name] for name in names]
    assert groups(fcn, names, SIZE) == [names]


def test_a_network_that_the_runtime_cannot_load_is_one_sentence(fcn):
    broken = type(fcn)()
    broken.CopyFrom(fcn)
    broken.graph.node[0].op_type = "Convolve"
    with pytest.raises(EngineError, match="cannot load"):
        Session(broken, exact=False)


def test_an_image_of_a_size_that_does_not_fit_is_one_sentence(fcn):
    with pytest.raises(EngineError, match="a failure of ONNX Runtime"):
        Session(fcn, exact=False).run(np.zeros((1, 3, 62, 95), np.float32))
