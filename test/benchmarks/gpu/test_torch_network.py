from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_network import expected_logits, onnx_bytes

from segmentation_node.errors import ModelError
from segmentation_node.model import load_model

torch = pytest.importorskip("torch", reason="torch is not installed")
onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from little_fcn import little_fcn  # noqa: E402

from benchmarks.gpu.torch_network import TorchNetwork  # noqa: E402


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1, 3, height, width)).astype(np.float32)


def outputs(path: Path, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What PyTorch and ONNX Runtime make of an image."""
    with torch.inference_mode():
        ours = TorchNetwork(path).eval()(torch.from_numpy(image)).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return ours, session.run(None, {session.get_inputs()[0].name: image})[0]


def test_a_network_of_every_operator_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "little.onnx"
    onnx.save(little_fcn(), path)
    ours, wanted = outputs(path, noise(32, 48))
    assert ours == pytest.approx(wanted, abs=1e-4)


def test_the_shipped_network_is_the_same() -> None:
    ours, wanted = outputs(load_model("camvid").path, noise(64, 96))
    assert np.ptp(wanted) > 1
    assert ours == pytest.approx(wanted, abs=1e-3)


def test_the_tests_own_network_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    path.write_bytes(onnx_bytes(4, 8))
    image = noise(32, 64)
    with torch.inference_mode():
        ours = TorchNetwork(path)(torch.from_numpy(image)).numpy()
    assert ours == pytest.approx(expected_logits(image, 4, 8), abs=1e-5)


def test_an_unknown_operator_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(onnx_bytes(quantised=True))
    with pytest.raises(ModelError, match="the operator QuantizeLinear"):
        TorchNetwork(path)
