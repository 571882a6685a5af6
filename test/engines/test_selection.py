from __future__ import annotations

from pathlib import Path

import pytest
from small_network import write_network

from segmentation_node.engines import available_engines, open_engine, openvino_runtime
from segmentation_node.engines.selection import ENGINES
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, load_model


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path))


@pytest.mark.parametrize("name", ["tensorrt", "onnxruntime", "OpenVINO", ""])
def test_an_unknown_engine_names_those_that_there_are(model: Model, name: str) -> None:
    with pytest.raises(EngineError, match="auto, openvino"):
        open_engine(model, engine=name)


@pytest.mark.parametrize("precision", ["f32", "half", ""])
def test_an_unknown_precision_names_those_that_there_are(model: Model, precision: str) -> None:
    with pytest.raises(EngineError, match="auto, fp32, bf16, fp16, int8"):
        open_engine(model, precision=precision)


def test_auto_opens_the_first_engine(model: Model) -> None:
    with open_engine(model) as engine:
        assert engine.name == ENGINES[0]


def test_every_engine_is_reported() -> None:
    reports = available_engines()
    assert tuple(report.name for report in reports) == ENGINES
    for report in reports:
        assert report.runtime
        assert report.device
        assert "fp32" in report.precisions
        assert not report.problem


def test_a_missing_runtime_is_reported_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise EngineError("no OpenVINO", "the package openvino", "pip install openvino")

    monkeypatch.setattr(openvino_runtime, "version", missing)
    (report,) = available_engines()
    assert "pip install openvino" in report.problem
    assert not report.precisions
