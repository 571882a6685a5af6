"""Finds OpenVINO, and says what it can do on this machine's CPU."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Any, cast

from segmentation_node.errors import EngineError
from segmentation_node.installing import pip_install

DEVICE = "CPU"

_CAPABILITIES = {"bf16": "BF16", "fp32": "FP32", "fp16": "FP16", "int8": "INT8"}
"""OpenVINO's word in OPTIMIZATION_CAPABILITIES for each precision; `auto` takes the first."""

_TELEMETRY = "openvino_telemetry"


@cache
def openvino() -> Any:
    """Import OpenVINO, without letting it write to the user's home and call out.

    Raises:
        EngineError: It is not installed, or cannot be loaded.
    """
    try:
        return _import_quietly()
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "openvino"
        raise EngineError(
            received="no OpenVINO" if missing else f"an OpenVINO that fails to load ({error})",
            expected="the package openvino, which runs networks on the CPU",
            fix=pip_install("openvino>=2024.4"),
        ) from error


@cache
def core() -> Any:
    """OpenVINO's device manager; loading its plugins takes a while, so there is one."""
    return openvino().Core()


def version() -> str:
    """Name and version of the runtime, such as `OpenVINO 2026.1.0`."""
    return "OpenVINO " + str(openvino().get_version()).partition("-")[0]


def device_name() -> str:
    """The processor's name, as OpenVINO gives it."""
    return f"CPU ({' '.join(str(core().get_property(DEVICE, 'FULL_DEVICE_NAME')).split())})"


def precisions() -> tuple[str, ...]:
    """The precisions that the processor can do, the choice of `auto` first."""
    can = set(core().get_property(DEVICE, "OPTIMIZATION_CAPABILITIES"))
    return tuple(name for name, word in _CAPABILITIES.items() if word in can)


def limit_threads(count: int) -> None:
    """Compile networks for so many threads from now on.

    Args:
        count: Threads, 1 or more.
    """
    core().set_property(DEVICE, {"INFERENCE_NUM_THREADS": count})


def _import_quietly() -> Any:
    # Importing openvino imports its converter, whose telemetry leaves an id in ~/intel and sends
    # it out. With that package hidden, OpenVINO uses a stand-in that does nothing.
    modules = cast("dict[str, Any]", sys.modules)
    hide = _TELEMETRY not in modules
    if hide:
        modules[_TELEMETRY] = None
    try:
        return importlib.import_module("openvino")
    finally:
        if hide:
            del modules[_TELEMETRY]
