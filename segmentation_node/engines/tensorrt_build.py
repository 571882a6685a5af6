"""Builds a plan: one path for TensorRT 10 and 11 and for TensorRT for RTX.

Networks are strongly typed: each layer computes in the type that the ONNX gives it, so that FP16
and INT8 are files and not flags, and the same file builds in every release.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from segmentation_node.engines.cache import PORTABLE, Built, EngineKey, model_sha256
from segmentation_node.engines.tensorrt_flavour import TensorRt
from segmentation_node.engines.tensorrt_log import MESSAGES, logger_of
from segmentation_node.engines.tensorrt_machine import Machine, target_of
from segmentation_node.engines.tensorrt_network import (
    ParsedNetwork,
    check_precision,
    fix_shape,
    parse_network,
)
from segmentation_node.engines.tensorrt_progress import BuildProgress, progress_monitor
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.engines.tensorrt_timing import keep_timings, timing_file, use_timings
from segmentation_node.errors import EngineError
from segmentation_node.model import Model

_MIB = 1 << 20


def engine_key(
    tensorrt: TensorRt, machine: Machine, model: Model, request: BuildRequest
) -> EngineKey:
    """The key of what a build would make.

    Raises:
        EngineError: There is no GPU to build on, or the flavour cannot build for the target.
        ModelError: The network cannot run at the size.
    """
    target = _target(tensorrt, machine, request)
    return EngineKey(
        model_sha256=model_sha256(model.path),
        precision=request.precision,
        shape=request.shape_for(model),
        flavour=tensorrt.flavour.name,
        version=tensorrt.version,
        target=target,
        gpu=None if target else machine.gpu,
        workspace_mib=request.workspace_mib,
        level=request.level,
        tf32=request.tf32,
    )


def _target(tensorrt: TensorRt, machine: Machine, request: BuildRequest) -> str:
    if not tensorrt.is_rtx:
        return _no_target(tensorrt, machine, request)
    known = (*tensorrt.targets, PORTABLE)
    if request.target and request.target not in known:
        raise EngineError(
            received=f"the target {request.target} for {tensorrt}",
            expected="one that it names: " + ", ".join(known),
            fix="ask for one of these, or for portable",
        )
    here = target_of(machine.gpu) if machine.gpu else PORTABLE
    return request.target or (here if here in known else PORTABLE)


def _no_target(tensorrt: TensorRt, machine: Machine, request: BuildRequest) -> str:
    if request.target:
        raise EngineError(
            received=f"the target {request.target} for {tensorrt}",
            expected="no target, since it builds for the GPU of this machine alone",
            fix="build on the machine that runs the engine, or use --flavour rtx",
        )
    if machine.gpu is None:
        raise EngineError(
            received=machine.no_gpu,
            expected=f"the GPU that will run the engine, which {tensorrt} builds on",
            fix="build on that machine; --flavour rtx builds without a GPU",
        )
    return ""


class PlanBuilder:
    """Builds one plan.

    Args:
        tensorrt: The library.
        model: The model, whose ONNX is of the key's precision.
        key: What to build.
        timings: Folder for TensorRT's timings; None where there is none to write to.
        progress: Is told how far the build is, and can end it.
    """

    def __init__(
        self,
        tensorrt: TensorRt,
        model: Model,
        key: EngineKey,
        timings: Path | None = None,
        progress: BuildProgress | None = None,
    ) -> None:
        self._tensorrt = tensorrt
        self._model = model
        self._key = key
        self._timings = timings
        self._progress = progress or BuildProgress()

    def build(self) -> Built:
        """Build the plan.

        Raises:
            FixedBatchError: A layer of the ONNX fixes how many images it takes.
            ModelError: The ONNX cannot be built, is of another precision, or disagrees with its
                sidecar.
            EngineError: The build failed or was cancelled.
        """
        MESSAGES.clear()
        start = time.monotonic()
        builder = self._builder()
        network = parse_network(self._tensorrt, builder, self._model)
        check_precision(network, self._key.precision, self._model)
        fix_shape(network, self._key.shape, self._model)
        plan = self._plan(builder, network)
        return Built(plan, network.layers, round(1e3 * (time.monotonic() - start)))

    def _builder(self) -> Any:
        try:
            return self._tensorrt.api.Builder(logger_of(self._tensorrt))
        except (RuntimeError, TypeError) as error:
            # The bindings' word for a builder that could not be made is a TypeError.
            raise self._failed("which could not start") from error

    def _plan(self, builder: Any, network: ParsedNetwork) -> bytes:
        config = builder.create_builder_config()
        self._configure(config)
        self._set_shape(builder, config, network)
        timings = self._timing_file()
        if timings:
            use_timings(config, timings)
        # Held by a name of its own: TensorRT keeps only a pointer to it.
        monitor = progress_monitor(self._tensorrt, self._progress)
        config.progress_monitor = monitor
        plan = builder.build_serialized_network(network.definition, config)
        if plan is None:
            raise self._cancelled() if self._progress.is_cancelled else self._failed()
        if timings:
            keep_timings(config, timings)
        return bytes(memoryview(plan))

    def _configure(self, config: Any) -> None:
        api, key = self._tensorrt.api, self._key
        config.builder_optimization_level = key.level
        # Layers keep their names and types in the plan, so that it can be inspected.
        config.profiling_verbosity = api.ProfilingVerbosity.DETAILED
        if not key.tf32:
            config.clear_flag(api.BuilderFlag.TF32)
        if key.workspace_mib is not None:
            pool = api.MemoryPoolType.WORKSPACE
            config.set_memory_pool_limit(pool, key.workspace_mib * _MIB)
        if self._tensorrt.is_rtx and key.shape[0] > 1:
            # With an open axis it may allocate while it runs, which no CUDA graph can hold.
            config.set_flag(api.BuilderFlag.REQUIRE_USER_ALLOCATION)
        if key.target not in {"", PORTABLE}:
            config.num_compute_capabilities = 1
            config.set_compute_capability(getattr(api.ComputeCapability, key.target), 0)

    def _set_shape(self, builder: Any, config: Any, network: ParsedNetwork) -> None:
        """Say in a profile how many images: from one to the batch, and the batch at its best.

        For one image the shape is fixed already; the profile may then be left out, and does no
        harm.
        """
        profile = builder.create_optimization_profile()
        shape = self._key.shape
        try:
            profile.set_shape(network.input.name, (1, *shape[1:]), shape, shape)
        except (RuntimeError, ValueError) as error:
            raise self._bad_shape(network) from error
        if config.add_optimization_profile(profile) < 0:
            raise self._bad_shape(network)

    def _timing_file(self) -> Path | None:
        if self._timings is None or self._key.gpu is None:
            return None
        return timing_file(self._timings, self._tensorrt, self._key.gpu)

    def _bad_shape(self, network: ParsedNetwork) -> EngineError:
        shape = "x".join(map(str, self._key.shape))
        return EngineError(
            received=f"the input shape {shape}, which {self._tensorrt} refuses for "
            f"{network.input} ({MESSAGES.last_errors()})",
            expected="a shape that the network can take",
            fix=f"ask for the model's own size, {self._model.default_size}",
        )

    def _cancelled(self) -> EngineError:
        return EngineError(
            received="a request to stop the build",
            expected="the engine",
            fix="build it again; nothing half-built is kept",
        )

    def _failed(self, how: str = "which gave no engine") -> EngineError:
        return EngineError(
            received=f"a build of {self._model.path.name} with {self._tensorrt}, {how} "
            f"({MESSAGES.last_errors()})",
            expected="an engine",
            fix="free GPU memory or raise --workspace, or try another --precision or --size",
        )
