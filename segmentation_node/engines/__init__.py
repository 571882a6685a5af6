"""The runtimes that can run a network, behind one small protocol."""

from __future__ import annotations

from segmentation_node.engines.base import PRECISIONS, CpuEngine, Engine, EngineReport, GpuEngine
from segmentation_node.engines.build_watch import BuildState, BuildWatch
from segmentation_node.engines.selection import (
    available_engines,
    check_engine,
    open_engine,
    resolve_engine,
)

__all__ = [
    "PRECISIONS",
    "BuildState",
    "BuildWatch",
    "CpuEngine",
    "Engine",
    "EngineReport",
    "GpuEngine",
    "available_engines",
    "check_engine",
    "open_engine",
    "resolve_engine",
]
