from __future__ import annotations

import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from engines.cache_rig import ORIN, key

from segmentation_node.engines import tensorrt_machine
from segmentation_node.engines.tensorrt_machine import Machine, find_gpu, target_of, this_machine
from segmentation_node.errors import EngineError

HERE = Machine(ORIN, versions={"tensorrt": "10.3.0", "rtx": "1.7.1"})


class Result(Enum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_NO_DEVICE = 100


def driver(count: int = 1, start: Result = Result.CUDA_SUCCESS) -> Any:
    """cuda.bindings.driver as it answers: a status, and a value where there is one."""
    fine = Result.CUDA_SUCCESS
    attributes = SimpleNamespace(
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR=8,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR=7,
    )
    return SimpleNamespace(
        CUresult=Result,
        CUdevice_attribute=attributes,
        cuInit=lambda _: (start,),
        cuDeviceGetCount=lambda: (fine, count),
        cuDeviceGet=lambda index: (fine, index),
        cuDeviceGetAttribute=lambda attribute, _: (fine, attribute),
        cuDriverGetVersion=lambda: (fine, 12060),
        cuDeviceGetName=lambda length, _: (fine, b"Orin".ljust(length, b"\0")),
        cuDeviceTotalMem=lambda _: (fine, 62841 << 20),
    )


def install(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    for name in ("cuda", "cuda.bindings"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "cuda.bindings.driver", module)


def test_the_gpu_is_what_the_driver_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, driver())
    version = tmp_path / "version"
    version.write_text("540.4.0\n")
    monkeypatch.setattr(tensorrt_machine, "DRIVER_VERSION", version)
    assert find_gpu() == ORIN
    assert target_of(ORIN) == "SM87"
    version.unlink()
    assert find_gpu() == replace(ORIN, driver="")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (driver(count=0), "shows no GPU"),
        (driver(start=Result.CUDA_ERROR_NO_DEVICE), "CUDA_ERROR_NO_DEVICE"),
    ],
)
def test_without_a_gpu_the_driver_is_quoted(
    answers: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, answers)
    with pytest.raises(EngineError, match=reason):
        find_gpu()


def test_without_a_driver_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: int) -> None:
        raise RuntimeError("Failed to dlopen libcuda.so.1")

    install(monkeypatch, SimpleNamespace(cuInit=missing))
    with pytest.raises(EngineError, match="driver is not installed"):
        find_gpu()


def test_without_the_bindings_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, None)
    with pytest.raises(EngineError, match=r"pip install 'cuda-bindings>=12\.8'"):
        find_gpu()


def test_a_machine_without_a_gpu_knows_why(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, driver(count=0))
    machine = this_machine()
    assert machine.gpu is None
    assert machine.no_gpu == "no GPU here: the driver shows no GPU"


def test_a_plan_runs_on_the_machine_that_built_it() -> None:
    assert HERE.why_not(key()) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": "10.13.0"}, "TensorRT here is 10.3.0"),
        ({"gpu": replace(ORIN, name="NVIDIA H100")}, "the GPU here is Orin"),
        ({"gpu": replace(ORIN, driver="1.0")}, "driver, CUDA or memory of the GPU have changed"),
        ({"flavour": "other"}, "no other here"),
    ],
)
def test_elsewhere_it_says_why_not(change: dict[str, Any], reason: str) -> None:
    assert HERE.why_not(key(**change)) == reason


def test_without_the_library_or_the_gpu_nothing_runs() -> None:
    assert Machine(ORIN).why_not(key()) == "no TensorRT here"
    assert Machine(None, "no GPU here", HERE.versions).why_not(key()) == "no GPU here"


@pytest.mark.parametrize(
    ("target", "capability", "runs"),
    [
        ("SM86", "8.6", True),
        ("SM86", "8.9", False),
        ("portable", "8.9", True),
        ("portable", "12.1", True),
        ("portable", "7.5", False),
        ("portable", "8.7", False),
        ("portable", "9.0", False),
    ],
)
def test_a_target_runs_on_its_generation(target: str, capability: str, runs: bool) -> None:
    machine = replace(HERE, gpu=replace(ORIN, compute_capability=capability))
    plan = key(flavour="rtx", version="1.7.1", target=target, gpu=None)
    assert (machine.why_not(plan) == "") is runs
