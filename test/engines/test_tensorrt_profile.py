"""Layers are timed on memory that is given back, whatever happens."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from fake_tensorrt import ORIN, PLAN, fake_tensorrt
from small_network import write_network

from segmentation_node.engines import tensorrt_engines, tensorrt_profile
from segmentation_node.engines.tensorrt_engines import build_engine, inspect_engine
from segmentation_node.engines.tensorrt_machine import Machine
from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.engines.tensorrt_profile import (
    RUNS,
    WARM_UP,
    gpu_context,
    layer_times_ms,
)
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import EngineError
from segmentation_node.model import load_model


class Result(Enum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_OUT_OF_MEMORY = 2


class Driver:
    """cuda.bindings.driver as it answers; notes each call and what is held."""

    CUresult = Result

    def __init__(self) -> None:
        self.held: list[str] = []
        self.refuses = ""
        self.start: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self._answer(name)

    def _answer(self, name: str) -> tuple[Any, ...]:
        if name == "cuInit" and self.start:
            raise self.start
        if name == self.refuses:
            return (Result.CUDA_ERROR_OUT_OF_MEMORY, None)
        given = {
            "cuMemAlloc": "cuMemFree",
            "cuStreamCreate": "cuStreamDestroy",
            "cuDevicePrimaryCtxRetain": "cuDevicePrimaryCtxRelease",
            "cuCtxPushCurrent": "cuCtxPopCurrent",
        }
        if name in given:
            self.held.append(given[name])
        elif name in self.held:
            self.held.remove(name)
        return (Result.CUDA_SUCCESS, 4096)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    found = Driver()
    monkeypatch.setattr(tensorrt_profile, "load_driver", lambda: found)
    return found


def test_layers_are_timed_after_a_warm_up_and_everything_is_given_back(driver: Driver) -> None:
    tensorrt, api = fake_tensorrt()
    with gpu_context() as used, LoadedPlan(tensorrt, PLAN) as plan:
        assert layer_times_ms(plan, used) == {"conv1": 0.5}
        assert driver.held == ["cuDevicePrimaryCtxRelease", "cuCtxPopCurrent"]
    assert driver.held == []
    assert sum(call[0] == "execute" for call in api.calls) == WARM_UP + RUNS
    assert api.freed == ["context", "engine", "runtime"]


@pytest.mark.parametrize("refused", ["cuMemAlloc", "cuMemsetD8", "cuStreamSynchronize"])
def test_a_refusal_is_quoted_and_leaves_nothing_behind(refused: str, driver: Driver) -> None:
    tensorrt, _ = fake_tensorrt()
    driver.refuses = refused
    with (
        pytest.raises(EngineError, match="CUDA_ERROR_OUT_OF_MEMORY"),
        gpu_context() as used,
        LoadedPlan(tensorrt, PLAN) as plan,
    ):
        layer_times_ms(plan, used)
    assert driver.held == []


def test_a_run_that_fails_quotes_the_log(driver: Driver) -> None:
    tensorrt, api = fake_tensorrt()
    api.refuses = {"execute"}
    with (
        pytest.raises(EngineError, match="an illegal memory access"),
        gpu_context() as used,
        LoadedPlan(tensorrt, PLAN) as plan,
    ):
        layer_times_ms(plan, used)
    assert driver.held == []


def test_an_inspection_has_layers_with_their_times_precision_and_memory(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensorrt, api = fake_tensorrt()
    api.inspection = (
        '{"Layers": [{"Name": "conv1", "Inputs": [{"DataType": "Half"}]}, {"Name": "copy"}]}'
    )
    monkeypatch.setattr(tensorrt_engines, "load_tensorrt", lambda _: tensorrt)
    here = Machine(ORIN, versions={"tensorrt": "10.3.0"})
    model = load_model(write_network(tmp_path))
    made = build_engine(model, BuildRequest(), cache=tmp_path / "cache", machine=here)
    found = inspect_engine(made)
    assert (found["precision"], found["memory_bytes"]) == ("fp16", 3_000_000)
    assert found["precisions"] == {"fp16": 1, "not said": 1}
    times = {layer["name"]: layer["time_ms"] for layer in found["layers"]}
    assert times == {"conv1": 0.5, "copy": None}
    assert driver.held == []


def test_without_a_driver_it_says_so(driver: Driver) -> None:
    driver.start = RuntimeError("Failed to dlopen libcuda.so.1")
    with pytest.raises(EngineError, match="driver is not installed"), gpu_context():
        pass
