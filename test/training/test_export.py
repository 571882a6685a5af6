from __future__ import annotations

import onnx
import onnxruntime
import pytest
import torch

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.errors import OutputError
from segmentation_node.model import load_model
from segmentation_node.training.export import export_onnx
from segmentation_node.training.networks import build, network_entry
from segmentation_node.training.sidecar import Sidecar, write_sidecar


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    network = build("fcn4s_lite0", 11, pretrained=True).eval()
    path = tmp_path_factory.mktemp("export") / "small.onnx"
    export_onnx(network, path, multiple=32, stride=4)
    return network, path


@pytest.mark.parametrize("size", [(64, 96), (96, 32)])
def test_onnx_equals_the_network_at_any_size(exported, size):
    network, path = exported
    image = torch.randn(1, 3, *size)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(["logits"], {"image": image.numpy()})
    with torch.inference_mode():
        expected = network(image)
    assert torch.allclose(torch.from_numpy(found), expected, rtol=1e-3, atol=1e-3)


def test_graph_holds_only_what_every_runtime_does_well(exported):
    _, path = exported
    model = onnx.load(path)
    kinds = {node.op_type for node in model.graph.node}
    assert kinds == {"Conv", "Clip", "Add", "Resize", "Constant"}
    assert [i.name for i in model.graph.input] == ["image"]
    assert [o.name for o in model.graph.output] == ["logits"]


def test_weights_of_every_convolution_are_constants(exported):
    graph = onnx.load(exported[1]).graph
    constants = {tensor.name for tensor in graph.initializer}
    used = {name for node in graph.node if node.op_type == "Conv" for name in node.input[1:]}
    assert used <= constants


def test_the_same_network_gives_the_same_bytes(exported, tmp_path):
    network, path = exported
    export_onnx(network, tmp_path / "again.onnx", multiple=32, stride=4)
    assert (tmp_path / "again.onnx").read_bytes() == path.read_bytes()


def test_sidecar_is_what_load_model_reads(exported):
    _, path = exported
    entry = network_entry("fcn4s_lite0")
    sidecar = Sidecar("small", entry, CAMVID_11, "Apache-2.0", "Say this.", {"seed": 1})
    write_sidecar(sidecar, path.with_suffix(".yaml"))
    model = load_model(path)
    assert (model.name, model.stride, model.licence) == ("small", 4, "Apache-2.0")
    assert model.labels == CAMVID_11
    assert model.input.mean == entry.mean
    assert model.training == {"seed": 1}
    assert model.notice == "Say this."


def test_an_output_that_cannot_be_written_is_said(exported, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        export_onnx(exported[0], tmp_path / "file" / "small.onnx", multiple=32, stride=4)
