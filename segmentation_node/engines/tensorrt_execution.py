"""What executes a plan: one context for each number of images, on memory that they share.

A context is asked for one shape alone. So a CUDA graph that was captured from it stays good: what
changes a context's shape spoils the graphs that were captured before.
Source: TensorRT documentation, "Performing Inference", CUDA graphs and dynamic shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from segmentation_node.engines.tensorrt_log import MESSAGES
from segmentation_node.engines.tensorrt_machine import ask_driver, load_driver
from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.errors import EngineError
from segmentation_node.model import TensorSpec


class Execution:
    """Executes a plan for one number of images, on input and output of the caller's.

    Args:
        plan: The plan, loaded in the CUDA context that is current.
        images: How many images at a time.
        memory: As for `LoadedPlan.create_context`.

    Raises:
        EngineError: There is not enough memory, or the number of images is refused.
    """

    def __init__(self, plan: LoadedPlan, images: int, memory: int = 0) -> None:
        self._context: Any = plan.create_context(images, memory)
        self._runtime = str(plan.tensorrt)
        self._addresses: dict[str, int] = {}
        self.input, self.output = plan.tensors(self._context)

    def enqueue(self, stream: int, input_address: int, output_address: int) -> None:
        """Execute it in the order of a stream, and return at once.

        Raises:
            EngineError: TensorRT failed.
        """
        self._bind(self.input, input_address)
        self._bind(self.output, output_address)
        if not self._context.execute_async_v3(stream):
            raise _failed(self._runtime, "running the network")

    def _bind(self, tensor: TensorSpec, address: int) -> None:
        name = tensor.name
        if self._addresses.get(name) == address:
            return
        # Unbound until it has worked: what is half bound must not be taken for bound.
        self._addresses.pop(name, None)
        if not self._context.set_tensor_address(name, address):
            raise _failed(self._runtime, f"giving {name!r} the address {address:#x}")
        self._addresses[name] = address


def executions(plan: LoadedPlan, batch: int, held: ExitStack) -> list[Execution]:
    """What executes a plan for 1, 2, and up to `batch` images.

    Args:
        plan: The plan.
        batch: How many images it takes at most.
        held: Frees the memory that they share, after whoever holds them has let go of them.

    Raises:
        EngineError: There is not enough memory.
    """
    if batch == 1:
        return [Execution(plan, 1)]
    memory = held.enter_context(gpu_memory(load_driver(), plan.memory_bytes))
    return [Execution(plan, images, memory) for images in range(1, batch + 1)]


@contextmanager
def gpu_memory(driver: Any, size: int) -> Iterator[int]:
    """GPU memory in the context that is current, while a block runs; gives its address.

    Args:
        driver: The driver's module.
        size: Bytes.

    Raises:
        EngineError: There is not as much.
    """
    try:
        # A network without intermediate results asks for none, which the driver refuses.
        memory = ask_driver(driver, driver.cuMemAlloc(max(size, 1)))
    except EngineError as error:
        raise EngineError(
            received=f"no {size / 1e6:.0f} MB of GPU memory ({error.received})",
            expected="memory for the network",
            fix="end other programs on the GPU, or choose a smaller network_size",
        ) from error
    try:
        yield int(memory)
    finally:
        ask_driver(driver, driver.cuMemFree(memory))


def _failed(runtime: str, task: str) -> EngineError:
    return EngineError(
        received=f"a failure of {runtime} in {task} ({MESSAGES.last_errors()})",
        expected="work that the GPU takes",
        fix="see nvidia-smi and the kernel log for the GPU's state; start again",
    )
