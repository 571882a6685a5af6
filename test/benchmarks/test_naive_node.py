"""The naive node is an honest one: its labels are as good as ours."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_network import write_network

from benchmarks.naive_node import Network, make_network
from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.postprocess import labels_of
from segmentation_node.engines import open_engine
from segmentation_node.errors import ModelError
from segmentation_node.model import Model, load_model

SIZE, CAMERA = NetworkSize(64, 96), (50, 70)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path))


def network(name: str, model: Model, coarse: bool = False) -> Network:
    options = argparse.Namespace(
        network=name, network_size=SIZE, engine="openvino", precision="fp32", coarse=coarse
    )
    return make_network(options, model)


def picture() -> np.ndarray:
    """(H, W, 3) uint8 BGR: soft patches, so that classes meet between pixels."""
    patches = np.random.default_rng(3).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    return cv2.resize(patches, CAMERA[::-1], interpolation=cv2.INTER_CUBIC)


def defined(model: Model, image: np.ndarray) -> np.ndarray:
    """The label image as the definition has it."""
    engine = open_engine(model, engine="openvino", precision="fp32", size=SIZE)
    logits = engine.infer(cv2.resize(image, (SIZE.width, SIZE.height)))[0]
    return labels_of(logits, fit(FitMode.STRETCH, *CAMERA, SIZE), model.labels)


@pytest.mark.parametrize("name", ["onnxruntime", "engine", "torch"])
def test_labels_are_those_of_the_definition(name: str, model: Model) -> None:
    for package in {"engine": (), "torch": ("torch", "onnx")}.get(name, (name,)):
        pytest.importorskip(package, reason=f"{package} is not installed")
    image = picture()
    channels = network(name, model)(image)
    wanted = defined(model, image)
    assert len(np.unique(wanted)) > 2
    # float32 in another order: single pixels on an outline may go to the other side.
    assert np.mean(model.labels.id_of_channel[channels] == wanted) > 0.995


def test_coarse_labels_are_blocks_of_the_same_classes(model: Model) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    image = picture()
    coarse, fine = (network("onnxruntime", model, coarse)(image) for coarse in (True, False))
    agreeing = np.mean(coarse == fine)
    assert 0.7 < agreeing < 1.0


def test_a_size_that_the_network_cannot_take_is_refused(model: Model) -> None:
    options = argparse.Namespace(network="onnxruntime", network_size=NetworkSize(50, 70))
    with pytest.raises(ModelError, match="50x70"):
        make_network(options, model)
