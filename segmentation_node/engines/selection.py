"""Chooses the engine that was asked for, or the fastest that this machine can run."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from functools import cache
from typing import Literal, overload

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import openvino_runtime
from segmentation_node.engines.base import PRECISIONS, CpuEngine, EngineReport, GpuEngine
from segmentation_node.engines.build_watch import BuildWatch
from segmentation_node.engines.converted import best_precision, how_to_make, model_of_precision
from segmentation_node.engines.openvino import OpenVinoEngine, check_precision, choose
from segmentation_node.engines.tensorrt import TensorRtEngine
from segmentation_node.engines.tensorrt_flavour import load_tensorrt
from segmentation_node.engines.tensorrt_machine import find_gpu
from segmentation_node.engines.tensorrt_request import PRECISIONS as TENSORRT_PRECISIONS
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import EngineError, meant
from segmentation_node.installing import pip_install
from segmentation_node.model import Model
from segmentation_node.model.onnx_graph import stored_precision

_log = logging.getLogger("segmentation_node")

ENGINES = ("tensorrt", "openvino")
"""The engines by name, the fastest first; `auto` takes the first that runs here."""

AnyEngine = CpuEngine | GpuEngine


EngineName = Literal["tensorrt", "openvino"]


def resolve_engine(engine: str) -> EngineName:
    """Which engine is meant: `auto` is the fastest that this machine can run.

    Args:
        engine: `auto` or one of `ENGINES`.

    Raises:
        EngineError: There is no such engine.
    """
    if engine == "auto":
        return _fastest()
    if engine == "tensorrt":
        return "tensorrt"
    if engine == "openvino":
        return "openvino"
    raise EngineError(
        received=f"the engine {engine!r}",
        expected="one that this version has: auto, " + ", ".join(ENGINES),
        fix=meant(engine, ("auto", *ENGINES)),
    )


@overload
def open_engine(
    model: Model,
    *,
    engine: Literal["openvino"],
    precision: str = "auto",
    size: NetworkSize | None = None,
) -> CpuEngine: ...


@overload
def open_engine(
    model: Model,
    *,
    engine: Literal["tensorrt"],
    precision: str = "auto",
    size: NetworkSize | None = None,
    batch: int = 1,
    watch: BuildWatch | None = None,
) -> GpuEngine: ...


@overload
def open_engine(
    model: Model,
    *,
    engine: str = "auto",
    precision: str = "auto",
    size: NetworkSize | None = None,
    batch: int = 1,
    watch: BuildWatch | None = None,
) -> AnyEngine: ...


def open_engine(
    model: Model,
    *,
    engine: str = "auto",
    precision: str = "auto",
    size: NetworkSize | None = None,
    batch: int = 1,
    watch: BuildWatch | None = None,
) -> AnyEngine:
    """Load a network onto a runtime; a TensorRT engine that is not in the cache is built.

    An engine on a GPU belongs to the CUDA context that is current on this thread.

    Args:
        model: The network. Where a precision is a file of its own (INT8, and on a GPU FP16), that
            file is looked for beside it: see `model_of_precision`.
        engine: `auto` or one of `ENGINES`.
        precision: `auto`, `fp32`, `bf16`, `fp16` or `int8`. `auto` is bf16 on a processor that
            has it, FP16 on a GPU where there is a file of it, else what the ONNX is.
        size: Size of the network's input; None for the model's default.
        batch: Images at a time, at most; TensorRT alone takes several.
        watch: Follows the building of an engine, and can end it.

    Raises:
        EngineError: There is no such engine or precision, the runtime is not installed, the
            device cannot do the precision, or a build failed or was cancelled.
        FixedBatchError: A batch of several is asked for, and a layer of the network fixes it.
        ModelError: The network is damaged, is not what its sidecar says, or cannot run at that
            size.
    """
    if precision not in PRECISIONS:
        raise EngineError(
            received=f"the precision {precision!r}",
            expected="one of " + ", ".join(PRECISIONS),
            fix=meant(precision, PRECISIONS),
        )
    if resolve_engine(engine) == "tensorrt":
        return _open_tensorrt(model, precision, size, batch, watch)
    return _open_openvino(model, precision, size, batch)


def check_engine(model: Model, engine: str = "auto", precision: str = "auto") -> None:
    """Find what keeps a network from being opened, as far as that can be told in milliseconds.

    Args:
        model: As for `open_engine`.
        engine: As for `open_engine`.
        precision: As for `open_engine`.

    Raises:
        EngineError: There is no such engine or precision here, or no file of that precision.
        ModelError: That file was made from another network.
    """
    if resolve_engine(engine) == "tensorrt":
        _report_tensorrt()
        _tensorrt_precision(model, precision)
        return
    choose(precision)
    found = model_of_precision(model, precision) if precision == "int8" else model
    stored = stored_precision(found.path)
    # A float network runs in any floating-point precision, and one in INT8 in no other.
    if "int8" in {stored, precision}:
        check_precision(stored, precision, found)


def available_engines() -> tuple[EngineReport, ...]:
    """What each engine can do on this machine, or why it cannot be used."""
    return tuple(_report(name, make) for name, make in _REPORTS.items())


def _fastest() -> EngineName:
    try:
        _report_tensorrt()
    except EngineError as error:
        _tell(f"engine auto takes openvino: {error.received}")
        return "openvino"
    return "tensorrt"


@cache
def _tell(sentence: str) -> None:
    """Log a sentence once a process: engines are opened one after the other to be compared."""
    _log.info("%s", sentence)


def _open_tensorrt(
    model: Model,
    precision: str,
    size: NetworkSize | None,
    batch: int,
    watch: BuildWatch | None,
) -> TensorRtEngine:
    # What is missing is said in full before a build is begun.
    _report_tensorrt()
    chosen = _tensorrt_precision(model, precision)
    if (precision, chosen) == ("auto", "fp32"):
        _tell(f"{model.name} computes in fp32; for fp16: {how_to_make(model, 'fp16')}")
    request = BuildRequest(precision=chosen, size=size, batch=batch)
    return TensorRtEngine(model, request, watch=watch)


def _tensorrt_precision(model: Model, precision: str) -> str:
    chosen = best_precision(model) if precision == "auto" else precision
    if chosen not in TENSORRT_PRECISIONS:
        raise EngineError(
            received=f"the precision {chosen!r} for {model.path.name} with TensorRT",
            expected="auto, " + ", ".join(TENSORRT_PRECISIONS),
            fix="ask for one of these, or for the engine openvino",
        )
    return chosen


def _open_openvino(
    model: Model, precision: str, size: NetworkSize | None, batch: int
) -> OpenVinoEngine:
    if batch != 1:
        raise EngineError(
            received=f"a batch of {batch} for openvino",
            expected="one image at a time, which is what it takes",
            fix="ask for a batch of 1, or for the engine tensorrt",
        )
    # Its floating-point precisions are the processor's and need no file.
    found = model_of_precision(model, "int8") if precision == "int8" else model
    return OpenVinoEngine(found, precision, size or model.default_size)


def _report(name: str, make: Callable[[], EngineReport]) -> EngineReport:
    try:
        return make()
    except EngineError as error:
        return EngineReport(name, problem=str(error))


def _report_tensorrt() -> EngineReport:
    """What TensorRT can do here.

    Raises:
        EngineError: TensorRT, the GPU or PyCUDA is missing.
    """
    tensorrt = load_tensorrt()
    gpu = find_gpu()
    if importlib.util.find_spec("pycuda") is None:
        raise EngineError(
            received="no PyCUDA",
            expected="the package pycuda, which holds the memory of the GPU",
            fix=f"{pip_install('pycuda')}, which is compiled with a CUDA toolkit",
        )
    return EngineReport("tensorrt", str(tensorrt), str(gpu), ("fp16", "fp32", "int8"))


def _report_openvino() -> EngineReport:
    return EngineReport(
        "openvino",
        openvino_runtime.version(),
        openvino_runtime.device_name(),
        openvino_runtime.precisions(),
    )


_REPORTS = {"tensorrt": _report_tensorrt, "openvino": _report_openvino}
