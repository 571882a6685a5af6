"""Runs a network as a TensorRT engine, on memory of the caller's.

One path for TensorRT 10 and 11 and for TensorRT for RTX. Inputs and outputs are bound by address,
and bound again only when an address changes; nothing is allocated for a frame. An engine for
several images has a context for each number of them.
Source: TensorRT Python API, IExecutionContext; "Performing Inference".
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from segmentation_node.closing import Closing
from segmentation_node.engines.build_watch import BuildWatch
from segmentation_node.engines.cache import Obtained
from segmentation_node.engines.converted import model_of_precision
from segmentation_node.engines.tensorrt_engines import obtain_engine
from segmentation_node.engines.tensorrt_execution import Execution, executions
from segmentation_node.engines.tensorrt_inspect import precision_in_use
from segmentation_node.engines.tensorrt_machine import Machine, this_machine
from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import EngineError, ModelError
from segmentation_node.model import Model, TensorSpec

_log = logging.getLogger("segmentation_node.tensorrt")


class TensorRtEngine(Closing):
    """A network on an NVIDIA GPU, out of the cache of engines or built now.

    It belongs to the CUDA context that is current when it is made, which must be current in every
    call, and serves one thread at a time.

    Args:
        model: The network; the file of the precision is looked for beside it.
        request: Precision, size, batch and flavour, and how it is built.
        cache: Folder of built engines; None for the user's.
        watch: Follows a build, and can end it.
        machine: What there is to run on; None to look.

    Raises:
        EngineError: TensorRT or the GPU is missing, the engine cannot be built or loaded, or the
            build was cancelled.
        ModelError: The ONNX is faulty, of another precision, or not what its sidecar says.
    """

    name = "tensorrt"

    def __init__(
        self,
        model: Model,
        request: BuildRequest,
        *,
        cache: Path | None = None,
        watch: BuildWatch | None = None,
        machine: Machine | None = None,
    ) -> None:
        self._executions: list[Execution] = []
        self._plan: LoadedPlan | None = None
        self._held = ExitStack()
        machine, watch = machine or this_machine(), watch or BuildWatch()
        self.model = model_of_precision(model, request.precision)
        """The network in use: the file of the precision."""
        found = _obtain(self.model, request, cache, watch, machine)
        self._plan = plan = found.engine
        try:
            self._open(plan, found, request, machine)
        except BaseException:
            self.close()
            raise

    def _open(
        self, plan: LoadedPlan, found: Obtained[LoadedPlan], request: BuildRequest, machine: Machine
    ) -> None:
        self._executions = executions(plan, request.batch, self._held)
        self.input, self.output = self._executions[0].input, self._executions[0].output
        one_image = replace(request, batch=1).shape_for(self.model)
        _check(self.model, self.input, self.output, one_image)
        self.runtime = str(plan.tensorrt)
        self.device = str(machine.gpu or "GPU")
        self.precision = _precision(plan, found.manifest.key.precision)
        self.plan_bytes = found.manifest.plan_bytes
        """Size of the plan that was loaded."""
        self.memory_bytes = plan.memory_bytes
        """GPU memory that it needs besides weights, input and output."""

    @property
    def batch(self) -> int:
        """How many images one execution takes at most."""
        return len(self._executions)

    def enqueue(
        self, stream: int, input_address: int, output_address: int, images: int = 1
    ) -> None:
        """Run the network in the order of a stream; see `GpuEngine.enqueue`.

        With several images both addresses hold them one after the other.
        """
        if not self._executions:
            raise EngineError("a closed engine", "an open one", "open it again")
        if not 1 <= images <= self.batch:
            raise EngineError(f"{images} images at a time", f"1 to {self.batch}", "give fewer")
        self._executions[images - 1].enqueue(stream, input_address, output_address)

    def close(self) -> None:
        """Free the execution contexts, then engine and runtime; closing twice does nothing."""
        self._executions = []
        plan, self._plan = self._plan, None
        try:
            self._held.close()
        finally:
            if plan is not None:
                plan.close()


def _obtain(
    model: Model, request: BuildRequest, cache: Path | None, watch: BuildWatch, machine: Machine
) -> Obtained[LoadedPlan]:
    size = request.size or model.default_size
    what = f"{model.name} {request.precision} {size}"
    outcome = ""
    try:
        found = obtain_engine(
            model,
            request,
            LoadedPlan,
            cache=cache,
            progress=watch.progress(),
            on_wait=watch.wait,
            on_build=lambda reason: watch.begin(what, reason),
            machine=machine,
        )
        outcome = _outcome(found)
        if found.warning:
            _log.warning("the engine is used and not kept: received %s", found.warning)
    finally:
        watch.end(outcome)
    return found


def _outcome(found: Obtained[LoadedPlan]) -> str:
    if not found.is_new:
        return f"engine {found.manifest.key.name} from the cache"
    kept = f"; not kept: {found.warning}" if found.warning else ""
    seconds = found.manifest.build_ms / 1e3
    return f"built in {seconds:.0f} s: {found.reason}{kept}"


def _precision(plan: LoadedPlan, built_as: str) -> str:
    """The precision in use; that of the strongly typed network where the plan does not say."""
    try:
        return precision_in_use(plan.layers) or built_as
    except EngineError as error:
        # The inspector's words differ from release to release; the engine runs all the same.
        _log.warning("precision %s is that of the network: %s", built_as, error)
        return built_as


def _check(
    model: Model, given: TensorSpec, logits: TensorSpec, shape: tuple[int, int, int, int]
) -> None:
    """Check an engine's own tensors against the model's contract."""
    batch, _, height, width = shape
    rows, columns = height // model.stride, width // model.stride
    wanted = (batch, model.labels.num_classes, rows, columns)
    if given.shape == shape and logits.shape == wanted and _are_floats(given, logits):
        return
    raise ModelError(
        received=f"an engine of {model.path.name} with {given} and {logits}",
        expected=f"{'x'.join(map(str, shape))} and {'x'.join(map(str, wanted))}, float32 or "
        f"float16: stride {model.stride}, as {model.path.with_suffix('.yaml').name} says",
        fix="correct the sidecar, or export the network again",
    )


def _are_floats(*specs: TensorSpec) -> bool:
    return all(spec.dtype in {"float32", "float16"} for spec in specs)
