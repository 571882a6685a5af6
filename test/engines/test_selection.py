"""Which engine runs: what was asked for, or the fastest of those that can."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import Any

import pytest
from fake_tensorrt import ORIN, fake_tensorrt
from small_network import onnx_bytes, write_network

from segmentation_node.engines import available_engines, open_engine, openvino_runtime, selection
from segmentation_node.engines.selection import ENGINES
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, load_model

NO_TENSORRT = EngineError("no TensorRT", "TensorRT", "install it")
NO_GPU = EngineError("the driver shows no GPU", "an NVIDIA GPU", "use a machine with one")


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path))


class Asked:
    """Stands in for the engine, and keeps what it is asked for."""

    name = "tensorrt"

    def __init__(self, model: Model, request: BuildRequest, **_: Any) -> None:
        self.model, self.request = model, request


@pytest.fixture
def with_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has everything that TensorRT needs."""
    selection._tell.cache_clear()
    monkeypatch.setattr(selection, "load_tensorrt", lambda: fake_tensorrt()[0])
    monkeypatch.setattr(selection, "find_gpu", lambda: ORIN)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(selection, "TensorRtEngine", Asked)


def lacks(monkeypatch: pytest.MonkeyPatch, what: str, error: EngineError) -> None:
    """Take something away from the machine."""

    def missing() -> Any:
        raise error

    monkeypatch.setattr(selection, what, missing)


@pytest.mark.parametrize("name", ["onnxruntime", "OpenVINO", ""])
def test_an_unknown_engine_names_those_that_there_are(model: Model, name: str) -> None:
    with pytest.raises(EngineError, match="auto, tensorrt, openvino"):
        open_engine(model, engine=name)


@pytest.mark.parametrize("precision", ["f32", "half", ""])
def test_an_unknown_precision_names_those_that_there_are(model: Model, precision: str) -> None:
    with pytest.raises(EngineError, match="auto, fp32, bf16, fp16, int8"):
        open_engine(model, precision=precision)


@pytest.mark.usefixtures("with_gpu")
def test_auto_takes_tensorrt_where_all_of_it_is_there(model: Model) -> None:
    assert isinstance(open_engine(model), Asked)


@pytest.mark.usefixtures("with_gpu")
@pytest.mark.parametrize(("what", "error"), [("load_tensorrt", NO_TENSORRT), ("find_gpu", NO_GPU)])
def test_auto_takes_openvino_where_something_is_missing_and_says_what(
    what: str,
    error: EngineError,
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lacks(monkeypatch, what, error)
    with caplog.at_level(logging.INFO, "segmentation_node"):
        for _ in range(2):
            with open_engine(model) as engine:
                assert engine.name == "openvino"
    said = f"engine auto takes openvino: {error.received}"
    assert caplog.messages.count(said) == 1


@pytest.mark.usefixtures("with_gpu")
def test_tensorrt_asked_for_and_missing_is_an_error_that_says_what(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="no PyCUDA"):
        open_engine(model, engine="tensorrt")
    lacks(monkeypatch, "find_gpu", NO_GPU)
    with pytest.raises(EngineError, match="shows no GPU"):
        open_engine(model, engine="tensorrt")


@pytest.mark.usefixtures("with_gpu")
def test_precision_auto_on_a_gpu_is_fp16_where_there_is_a_file_of_it(
    model: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "segmentation_node"):
        assert open_engine(model).request.precision == "fp32"
    assert "small computes in fp32; for fp16: segmentation quantize --model" in caplog.text
    write_network(tmp_path, name="small.fp16")
    assert open_engine(model).request.precision == "fp16"
    assert open_engine(model, precision="fp32", batch=4).request == BuildRequest("fp32", batch=4)


@pytest.mark.usefixtures("with_gpu")
def test_a_precision_that_tensorrt_does_not_build_is_refused(model: Model) -> None:
    with pytest.raises(EngineError, match=r"'bf16' for .*; expected auto, fp32, fp16, int8"):
        open_engine(model, precision="bf16")


def test_openvino_takes_one_image_at_a_time(model: Model) -> None:
    with pytest.raises(EngineError, match="a batch of 2 for openvino"):
        open_engine(model, engine="openvino", batch=2)


def test_int8_on_the_processor_is_the_file_beside_the_model(model: Model, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="segmentation quantize"):
        open_engine(model, engine="openvino", precision="int8")
    made = write_network(tmp_path, onnx_bytes(quantised=True), "small.int8")
    with open_engine(model, engine="openvino", precision="int8") as engine:
        assert engine.model.path == made
    with open_engine(model, engine="openvino", precision="fp32") as engine:
        assert engine.model is model


def test_every_engine_is_reported_with_what_it_can_do_or_why_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lacks(monkeypatch, "load_tensorrt", NO_TENSORRT)
    tensorrt, openvino = available_engines()
    assert (tensorrt.name, openvino.name) == ENGINES
    assert tensorrt.problem == str(NO_TENSORRT)
    assert not tensorrt.precisions
    assert openvino.runtime
    assert openvino.device
    assert "fp32" in openvino.precisions
    assert not openvino.problem


@pytest.mark.usefixtures("with_gpu")
def test_tensorrt_is_reported_with_its_gpu() -> None:
    report = available_engines()[0]
    assert (report.runtime, report.problem) == ("TensorRT 10.3.0", "")
    assert report.device == "Orin (compute capability 8.7)"
    assert report.precisions[0] == "fp16"


def test_a_missing_runtime_is_reported_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise EngineError("no OpenVINO", "the package openvino", "pip install openvino")

    monkeypatch.setattr(openvino_runtime, "version", missing)
    report = available_engines()[-1]
    assert "pip install openvino" in report.problem
    assert not report.precisions
