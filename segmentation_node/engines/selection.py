"""Chooses the engine that was asked for."""

from __future__ import annotations

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import openvino_runtime
from segmentation_node.engines.base import PRECISIONS, CpuEngine, EngineReport
from segmentation_node.engines.openvino import OpenVinoEngine
from segmentation_node.errors import EngineError
from segmentation_node.model import Model

ENGINES = ("openvino",)
"""The engines by name; `auto` takes the first."""


def open_engine(
    model: Model,
    *,
    engine: str = "auto",
    precision: str = "auto",
    size: NetworkSize | None = None,
) -> CpuEngine:
    """Load a network onto a runtime.

    Args:
        model: The network.
        engine: `auto` or one of `ENGINES`.
        precision: `auto` (bf16 where the processor has it, else fp32), `fp32`, `bf16`, `fp16` or
            `int8`.
        size: Size of the network's input; None for the model's default.

    Raises:
        EngineError: There is no such engine or precision, the runtime is not installed, or the
            device cannot do the precision.
        ModelError: The network is damaged, is not what its sidecar says, or cannot run at that
            size.
    """
    if engine not in {"auto", *ENGINES}:
        raise EngineError(
            received=f"the engine {engine!r}",
            expected="one that this version has: auto, " + ", ".join(ENGINES),
            fix="ask for one of these",
        )
    if precision not in PRECISIONS:
        raise EngineError(
            received=f"the precision {precision!r}",
            expected="one of " + ", ".join(PRECISIONS),
            fix="ask for one of these",
        )
    return OpenVinoEngine(model, precision, size or model.default_size)


def available_engines() -> tuple[EngineReport, ...]:
    """What each engine can do on this machine, or why it cannot be used."""
    try:
        return (
            EngineReport(
                "openvino",
                openvino_runtime.version(),
                openvino_runtime.device_name(),
                openvino_runtime.precisions(),
            ),
        )
    except EngineError as error:
        return (EngineReport("openvino", problem=str(error)),)
