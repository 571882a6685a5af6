"""Networks by name to ONNX and sidecar: one real size, the others through their parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

from segmentation_node.bench import published as paper
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_ALL
from segmentation_node.datasets import camvid
from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter
from segmentation_node.training.batches import Source
from segmentation_node.training.export_model import UNTRAINED, Weights, export_network
from segmentation_node.training.loop import Data, Training
from segmentation_node.training.networks import build
from segmentation_node.training.recipe import recipe

CLASSIC = ("fcn8s", "fcn16s", "fcn32s", "fcn_alexnet")


@pytest.mark.parametrize("name", CLASSIC)
def test_an_exported_network_runs_in_the_pipeline_at_stride_1(name, narrow_networks, tmp_path):
    path = tmp_path / f"{name}.onnx"
    sidecar = export_network(name, path, Weights())
    model = load_model(path)
    assert (model.stride, model.input.multiple) == (1, 32)
    assert model.input.mean == sidecar.network.mean
    assert model.input.pad == (124, 116, 104)
    assert model.labels == CITYSCAPES_ALL
    assert model.notice == UNTRAINED
    assert model.training["seed"] == 1
    image = np.random.default_rng(0).integers(0, 256, (90, 150, 3), np.uint8)
    with Segmenter.load(path, precision="fp32", network_size="64x128") as segmenter:
        labels = segmenter(image).labels
    assert labels.shape == (90, 150)
    assert set(np.unique(labels)) <= set(CITYSCAPES_ALL.id_of_channel)


@pytest.mark.parametrize("name", CLASSIC)
def test_the_graph_holds_only_what_every_runtime_does_well(name, narrow_networks, tmp_path):
    path = tmp_path / "n.onnx"
    export_network(name, path, Weights())
    graph = onnx.load(path).graph
    kinds = {node.op_type for node in graph.node}
    skips = {"Add"} if name in {"fcn8s", "fcn16s"} else set()
    assert kinds == {"Conv", "Relu", "MaxPool", "ConvTranspose"} | skips
    axes = [axis.dim_param for axis in graph.output[0].type.tensor_type.shape.dim]
    assert axes[2:] == ["height", "width"]


def test_fcn32s_is_as_large_as_the_papers_and_the_others_by_their_parameters(tmp_path):
    """Table 10 within 0.1 %. The graph takes a few kilobytes; untrained biases, all of them zeros,
    are stored once for each length, which gives a few back."""
    path = tmp_path / "fcn32s.onnx"
    export_network("fcn32s", path, Weights())
    size_mb = path.stat().st_size / 1e6
    assert size_mb == pytest.approx(paper.TABLE_10_MB["FCN-32s"], rel=1e-3)
    with torch.device("meta"):
        weights_mb = {
            name: 4e-6 * sum(p.numel() for p in build(name, 35, pretrained=False).parameters())
            for name in ("fcn8s", "fcn16s", "fcn32s")
        }
    graph_mb = size_mb - weights_mb["fcn32s"]
    assert abs(graph_mb) < 0.05
    for name, published in paper.TABLE_10_MB.items():
        ours = weights_mb[name.lower().replace("-", "")] + graph_mb
        assert ours == pytest.approx(published, rel=1e-3), name


def test_the_seed_decides_the_weights(narrow_networks, tmp_path):
    files = [tmp_path / f"{index}.onnx" for index in range(3)]
    for path, seed in zip(files, (1, 1, 2), strict=True):
        export_network("fcn16s", path, Weights(seed=seed))
    first, second, third = (path.read_bytes() for path in files)
    assert first == second != third


def test_labels_can_be_chosen(narrow_networks, tmp_path):
    export_network("fcn8s", tmp_path / "n.onnx", Weights(), CAMVID_11)
    assert load_model(tmp_path / "n.onnx").labels == CAMVID_11


def test_first_weights_are_named_with_the_layers_that_they_leave(narrow_networks, tmp_path):
    network = build("fcn_alexnet", 35, pretrained=False)
    names = {"conv1": 0, "conv2": 3, "conv3": 6, "conv4": 8, "conv5": 10}
    state = {}
    for ours, theirs in {
        **{name: f"features.{index}" for name, index in names.items()},
        "conv6": "classifier.1",
        "conv7": "classifier.4",
    }.items():
        layer = network.encoder.get_submodule(ours)
        state[f"{theirs}.weight"], state[f"{theirs}.bias"] = layer.weight.data, layer.bias.data
    torch.save(state, tmp_path / "alexnet.pth")
    weights = Weights(init=tmp_path / "alexnet.pth")
    sidecar = export_network("fcn_alexnet", tmp_path / "n.onnx", weights)
    assert sidecar.training["init"]["file"] == "alexnet.pth"
    assert sidecar.training["random_layers"] == ["encoder.conv1by1", "decoder.output"]
    assert sidecar.licence == ""


@pytest.fixture
def checkpoint(narrow_networks, camvid_like, tmp_path):
    learnt = recipe("paper_fcn32s")
    crops = replace(learnt.augmentation, crop_height=32, crop_width=64, height=32)
    learnt = replace(learnt, cycles=(1,), batch=1, augmentation=crops)
    path = tmp_path / "checkpoint.pt"
    data = Data((Source(camvid(camvid_like, ["val"]), 1),))
    Training(learnt, data, torch.device("cpu"), path).run()
    return path


def test_a_checkpoint_brings_its_weights_and_labels(checkpoint, tmp_path):
    export_network("fcn32s", tmp_path / "n.onnx", Weights(checkpoint=checkpoint))
    model = load_model(tmp_path / "n.onnx")
    assert model.labels == CAMVID_11
    assert model.notice == ""
    assert model.training["iterations"] == 1


def test_a_checkpoint_of_another_network_or_other_labels_is_refused(checkpoint, tmp_path):
    weights = Weights(checkpoint=checkpoint)
    with pytest.raises(ModelError, match="segmentation export fcn32s"):
        export_network("fcn8s", tmp_path / "n.onnx", weights)
    with pytest.raises(ConfigError, match="leave --labels away"):
        export_network("fcn32s", tmp_path / "n.onnx", weights, CITYSCAPES_ALL)
    assert not (tmp_path / "n.onnx").exists()


def test_a_checkpoint_and_first_weights_at_once_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="leave --init away"):
        Weights(init=tmp_path / "a.pth", checkpoint=tmp_path / "b.pt")
