from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_engine import view
from small_network import expected_logits, onnx_bytes, write_network

from segmentation_node.engines import GpuEngine
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, load_model

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from benchmarks.gpu import torch_engine  # noqa: E402
from benchmarks.gpu.torch_engine import TorchEngine  # noqa: E402


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """PyTorch's GPU played by the processor; the streams that were made current."""
    used: list[Any] = []

    @contextmanager
    def stream(handle: int) -> Iterator[None]:
        used.append(handle)
        yield

    cuda = torch.cuda
    for name, stand_in in {
        "get_device_name": lambda: "a stand-in",
        "MemPool": object,
        "use_mem_pool": lambda pool: nullcontext(),
        "ExternalStream": lambda handle: handle,
        "stream": stream,
        "synchronize": lambda: None,
        "empty_cache": lambda: None,
    }.items():
        monkeypatch.setattr(cuda, name, stand_in)
    monkeypatch.setattr(torch_engine, "DEVICE", "cpu")
    monkeypatch.setattr(
        torch_engine, "tensor_at", lambda address, spec: torch.from_numpy(view(address, spec))
    )
    return used


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path, onnx_bytes()))


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-4), ("fp16", 0.1)])
def test_it_runs_in_the_callers_stream_on_the_callers_memory(
    streams: list[Any], model: Model, precision: str, tolerance: float
) -> None:
    with TorchEngine(model, precision=precision) as engine:
        assert isinstance(engine, GpuEngine)
        dtype = {"fp32": "float32", "fp16": "float16"}[precision]
        assert (engine.input.shape, engine.input.dtype) == ((1, 3, 64, 96), dtype)
        assert (engine.output.shape, engine.output.dtype) == ((1, 4, 8, 12), dtype)
        image = np.random.default_rng(0).normal(size=engine.input.shape).astype(dtype)
        logits = np.zeros(engine.output.shape, dtype)
        for _ in range(2):
            engine.enqueue(77, image.ctypes.data, logits.ctypes.data)
        wanted = expected_logits(image.astype(np.float32), 4, 8)
        assert np.abs(logits - wanted).max() < tolerance
    assert streams == [77, 77]
    engine.close()
    with pytest.raises(EngineError, match="a closed engine"):
        engine.enqueue(77, 0, 0)


def test_it_takes_any_number_of_images_up_to_a_batch(streams: list[Any], model: Model) -> None:
    with TorchEngine(model, batch=3) as engine:
        assert (engine.batch, engine.input.shape) == (3, (1, 3, 64, 96))
        images = np.random.default_rng(0).normal(size=(3, 3, 64, 96)).astype(np.float32)
        logits = np.zeros((3, 4, 8, 12), np.float32)
        engine.enqueue(77, images.ctypes.data, logits.ctypes.data, 2)
        for image, found in zip(images[:2], logits, strict=False):
            assert np.abs(found - expected_logits(image[None], 4, 8)[0]).max() < 1e-4
        assert not logits[2].any()


def test_memory_may_come_again_as_the_other_tensor(streams: list[Any], model: Model) -> None:
    with TorchEngine(model) as engine:
        one, other = (np.zeros(engine.input.shape, np.float32) for _ in range(2))
        engine.enqueue(77, one.ctypes.data, other.ctypes.data)
        engine.enqueue(77, other.ctypes.data, one.ctypes.data)
        wanted = expected_logits(other, 4, 8)
    logits = one.reshape(-1)[: wanted.size].reshape(wanted.shape)
    assert np.abs(logits - wanted).max() < 1e-4


def test_what_pytorch_refuses_is_one_sentence(
    streams: list[Any], model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(address: int, spec: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore lines")

    with TorchEngine(model) as engine:
        monkeypatch.setattr(torch_engine, "tensor_at", refuse)
        with pytest.raises(EngineError, match=r"PyTorch \(operation not permitted .* capturing\)"):
            engine.enqueue(1, 2, 3)
