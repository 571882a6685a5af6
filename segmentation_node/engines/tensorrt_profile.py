"""How long each layer of a plan takes on this GPU, by TensorRT's own profiler.

The profiler waits for every layer, so the sum is more than a frame takes; it tells where the time
goes. Source: TensorRT Python API, IProfiler and IExecutionContext.enqueue_emits_profile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

import numpy as np

from segmentation_node.engines.tensorrt_execution import gpu_memory
from segmentation_node.engines.tensorrt_log import MESSAGES
from segmentation_node.engines.tensorrt_machine import ask_driver, load_driver
from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.errors import EngineError
from segmentation_node.model import TensorSpec

WARM_UP, RUNS = 5, 20


@contextmanager
def gpu_context() -> Iterator[Any]:
    """Make the first GPU's primary context current on this thread; gives the driver's module.

    TensorRT loads a plan into the context that is current, and it is in the primary one that
    libraries on CUDA's runtime meet.

    Raises:
        EngineError: There is no GPU.
    """
    driver = load_driver()
    try:
        ask_driver(driver, driver.cuInit(0))
    except (RuntimeError, OSError) as error:
        raise EngineError(
            received="the NVIDIA driver is not installed",
            expected="an NVIDIA GPU with its driver",
            fix="inspect the engine on the machine that runs it",
        ) from error
    device = ask_driver(driver, driver.cuDeviceGet(0))
    context = ask_driver(driver, driver.cuDevicePrimaryCtxRetain(device))
    try:
        ask_driver(driver, driver.cuCtxPushCurrent(context))
        try:
            yield driver
        finally:
            ask_driver(driver, driver.cuCtxPopCurrent())
    finally:
        ask_driver(driver, driver.cuDevicePrimaryCtxRelease(device))


def layer_times_ms(plan: LoadedPlan, driver: Any) -> dict[str, float]:
    """Run a plan on zeros and time its layers.

    Args:
        plan: The plan, loaded in the context that is current.
        driver: The driver's module, of `gpu_context`.

    Returns:
        The median time in milliseconds by the name of the layer, in the order of execution.

    Raises:
        EngineError: CUDA or TensorRT refuses.
    """
    times: dict[str, list[float]] = {}
    with ExitStack() as held:
        stream = ask_driver(driver, driver.cuStreamCreate(0))
        held.callback(driver.cuStreamDestroy, stream)
        # Its memory is given to it, as plans for a batch may ask for that.
        memory = held.enter_context(gpu_memory(driver, plan.memory_bytes))
        context = plan.create_context(memory=memory)
        for spec in plan.tensors(context):
            address = held.enter_context(_zeros(driver, spec))
            context.set_tensor_address(spec.name, address)
        # Held by a name of its own: TensorRT keeps only a pointer to it.
        profiler = _profiler(plan, times)
        for run in range(WARM_UP + RUNS):
            if run == WARM_UP:
                context.profiler = profiler
            _run(plan, context, int(stream))
            ask_driver(driver, driver.cuStreamSynchronize(stream))
        del context, profiler
    return {name: median(found) for name, found in times.items()}


def _run(plan: LoadedPlan, context: Any, stream: int) -> None:
    if not context.execute_async_v3(stream):
        raise EngineError(
            received=f"a failure of {plan.tensorrt} in timing layers ({MESSAGES.last_errors()})",
            expected="work that the GPU takes",
            fix="see nvidia-smi for the GPU's state",
        )


@contextmanager
def _zeros(driver: Any, spec: TensorSpec) -> Iterator[int]:
    """GPU memory for a tensor, all zero; gives its address."""
    count = int(np.prod([size or 1 for size in spec.shape]))
    size = count * np.dtype(spec.dtype).itemsize
    with gpu_memory(driver, size) as memory:
        ask_driver(driver, driver.cuMemsetD8(memory, 0, size))
        yield memory


def _profiler(plan: LoadedPlan, times: dict[str, list[float]]) -> Any:
    methods = {
        "report_layer_time": lambda _, name, ms: times.setdefault(name, []).append(ms),
    }
    return type("LayerProfiler", (plan.tensorrt.api.IProfiler,), methods)()
