from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engines.contract import EngineContract, picture
from small_network import onnx_bytes, write_network

from segmentation_node.engines import openvino_runtime as runtime
from segmentation_node.engines.openvino import OpenVinoEngine
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, load_model


class TestOpenVinoKeepsTheContract(EngineContract):
    engine = "openvino"


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path))


def test_auto_is_bf16_where_the_processor_has_it_and_fp32_elsewhere(model: Model) -> None:
    with OpenVinoEngine(model, "auto", model.default_size) as engine:
        assert engine.precision == ("bf16" if "bf16" in runtime.precisions() else "fp32")


def test_every_precision_that_the_processor_can_do_is_what_runs(model: Model) -> None:
    with OpenVinoEngine(model, "fp32", model.default_size) as engine:
        exact = engine.infer(picture()).copy()
    for precision in set(runtime.precisions()) - {"int8"}:
        with OpenVinoEngine(model, precision, model.default_size) as engine:
            assert engine.precision == precision
            assert np.abs(engine.infer(picture()) - exact).max() < 0.1


def test_a_precision_that_the_processor_cannot_do_names_those_that_it_can(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "precisions", lambda: ("fp32", "int8"))
    with pytest.raises(EngineError, match=r"'bf16'.*auto, fp32, int8"):
        OpenVinoEngine(model, "bf16", model.default_size)


def test_a_precision_that_the_runtime_silently_replaces_is_an_error(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segmentation_node.engines.openvino._precision_in_use", lambda _: "bf16")
    with pytest.raises(EngineError, match="which then runs in bf16"):
        OpenVinoEngine(model, "fp32", model.default_size)


def test_int8_is_reported_for_a_quantised_network(tmp_path: Path) -> None:
    quantised = load_model(write_network(tmp_path, onnx_bytes(quantised=True)))
    with OpenVinoEngine(quantised, "auto", quantised.default_size) as engine:
        assert engine.precision == "int8"
        logits = engine.infer(picture()).copy()
    with OpenVinoEngine(quantised, "int8", quantised.default_size) as engine:
        assert (engine.infer(picture()) == logits).all()


def test_int8_is_refused_for_any_other_network(model: Model) -> None:
    with pytest.raises(EngineError, match="a quantised network for int8"):
        OpenVinoEngine(model, "int8", model.default_size)


def test_without_openvino_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.openvino.cache_clear()
    monkeypatch.setitem(sys.modules, "openvino", None)
    try:
        with pytest.raises(EngineError, match=r"pip install 'openvino>=2024\.4'"):
            runtime.openvino()
    finally:
        runtime.openvino.cache_clear()


def test_nothing_is_loaded_that_reports_to_the_maker() -> None:
    code = (
        "import sys; from segmentation_node.engines import available_engines; "
        "print(available_engines()[-1].problem, [m for m in sys.modules "
        "if m.startswith('openvino_telemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
