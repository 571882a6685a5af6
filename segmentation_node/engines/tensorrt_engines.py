"""Engines by TensorRT, out of the cache or built: what the commands and the node call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from segmentation_node.engines.cache import Built, EngineStore, Obtained, obtain
from segmentation_node.engines.converted import model_of_precision
from segmentation_node.engines.tensorrt_build import PlanBuilder, engine_key
from segmentation_node.engines.tensorrt_flavour import TensorRt, load_tensorrt
from segmentation_node.engines.tensorrt_inspect import count_precisions, precision_in_use
from segmentation_node.engines.tensorrt_machine import Machine, this_machine
from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.engines.tensorrt_profile import gpu_context, layer_times_ms
from segmentation_node.engines.tensorrt_progress import BuildProgress, interruptible
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import OutputError
from segmentation_node.model import Model

T = TypeVar("T")


class _Maker(Generic[T]):
    def __init__(self, builder: PlanBuilder, load: Callable[[bytes], T]) -> None:
        self._builder, self._load = builder, load

    def build(self) -> Built:
        return self._builder.build()

    def load(self, plan: bytes) -> T:
        return self._load(plan)


def obtain_engine(
    model: Model,
    request: BuildRequest,
    load: Callable[[TensorRt, bytes], T],
    *,
    cache: Path | None = None,
    progress: BuildProgress | None = None,
    on_wait: Callable[[str], None] = lambda _: None,
    on_build: Callable[[str], None] = lambda _: None,
    machine: Machine | None = None,
) -> Obtained[T]:
    """Take an engine out of the cache, or build it and keep it.

    Args:
        model: The model; where the ONNX of the precision lies beside its own, that is built.
        request: What to build.
        load: Makes of a plan what is wanted of it, and raises an EngineError where it cannot: the
            engine is then built once more. `LoadedPlan` loads it onto the GPU.
        cache: Folder of the cache; None for the user's.
        progress: Is told how far a build is, and can end it.
        on_wait: Told in one sentence where another process is building the same engine.
        on_build: Told before a build: why, in a few words.
        machine: What there is to build on; None to look.

    Raises:
        EngineError: TensorRT or the GPU is missing, or the build failed or was cancelled.
        ModelError: The ONNX is faulty or of another precision, or cannot run at the size.
    """
    tensorrt = load_tensorrt(request.flavour)
    chosen = model_of_precision(model, request.precision)
    key = engine_key(tensorrt, machine or this_machine(), chosen, request)
    store = EngineStore(cache)
    progress = progress or BuildProgress()
    builder = PlanBuilder(tensorrt, chosen, key, store.folder, progress)
    return obtain(
        store,
        key,
        (chosen.name, chosen.path.name),
        _Maker(builder, lambda plan: load(tensorrt, plan)),
        on_wait,
        lambda: progress.is_cancelled,
        on_build,
    )


@dataclass(frozen=True)
class EngineFile:
    """An engine that lies in the cache.

    Args:
        tensorrt: The library that it is for.
        path: The plan.
        obtained: What it was built from, and why.
    """

    tensorrt: TensorRt
    path: Path
    obtained: Obtained[None]

    def to_mapping(self) -> dict[str, Any]:
        """Give it as plain values, for JSON and tables."""
        manifest = self.obtained.manifest
        return {
            "path": str(self.path),
            "name": manifest.key.name,
            "title": self.tensorrt.flavour.title,
            "made_for": manifest.key.made_for,
            "is_new": self.obtained.is_new,
            "reason": self.obtained.reason,
            **asdict(manifest),
        }


def build_engine(
    model: Model,
    request: BuildRequest,
    *,
    cache: Path | None = None,
    progress: BuildProgress | None = None,
    on_wait: Callable[[str], None] = lambda _: None,
    machine: Machine | None = None,
) -> EngineFile:
    """Build an engine into the cache, where it is not there; Ctrl-C ends it cleanly.

    An engine for the GPU of this machine is loaded once, to know that it can be.

    Args:
        model: As for `obtain_engine`, like the rest.
        request: What to build.
        cache: Folder of the cache.
        progress: Is told how far a build is.
        on_wait: Told where another process is building the same engine.
        machine: What there is to build on.

    Raises:
        OutputError: The cache cannot be written to.
        EngineError: TensorRT or the GPU is missing, or the build failed.
        ModelError: The ONNX is faulty or of another precision, or cannot run at the size.
    """
    store, progress = EngineStore(cache), progress or BuildProgress()
    store.make_folder()
    machine = machine or this_machine()
    obtained = interruptible(
        lambda: obtain_engine(
            model,
            request,
            lambda tensorrt, plan: _try_out(tensorrt, plan, request, machine),
            cache=store.folder,
            progress=progress,
            on_wait=on_wait,
            machine=machine,
        ),
        progress,
    )
    if obtained.warning:
        raise OutputError(obtained.warning, "an engine that is kept", "choose another --cache")
    plan = store.plan(obtained.manifest.key.name)
    return EngineFile(load_tensorrt(request.flavour), plan, obtained)


def inspect_engine(made: EngineFile) -> dict[str, Any]:
    """Load an engine, ask it for its layers and time each of them.

    Returns:
        As plain values: `precision` in use, `precisions` (how many layers of each), `memory_bytes`
        that it needs besides weights, input and output, and `layers`, each with its `time_ms`.

    Raises:
        EngineError: There is no GPU, or it cannot be loaded or run here.
    """
    with gpu_context() as driver, LoadedPlan(made.tensorrt, made.path.read_bytes()) as plan:
        times = layer_times_ms(plan, driver)
        return {
            "precision": precision_in_use(plan.layers),
            "precisions": count_precisions(plan.layers),
            "memory_bytes": plan.memory_bytes,
            "layers": [
                {**layer.to_mapping(), "time_ms": times.get(layer.name)} for layer in plan.layers
            ],
        }


def _try_out(tensorrt: TensorRt, plan: bytes, request: BuildRequest, machine: Machine) -> None:
    if machine.gpu is not None and not request.target:
        LoadedPlan(tensorrt, plan).close()
