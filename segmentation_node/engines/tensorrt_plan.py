"""A plan on the GPU: loaded, asked for its tensors, layers and memory, and freed in order."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from segmentation_node.closing import Closing
from segmentation_node.engines.tensorrt_flavour import TensorRt
from segmentation_node.engines.tensorrt_inspect import LayerReport, read_layers
from segmentation_node.engines.tensorrt_log import MESSAGES, logger_of
from segmentation_node.engines.tensorrt_network import spec_of
from segmentation_node.errors import EngineError, ModelError
from segmentation_node.model import TensorSpec


class LoadedPlan(Closing):
    """A plan that TensorRT has accepted.

    It belongs to the CUDA context that is current when it is loaded, and must be closed in it.

    Args:
        tensorrt: The library.
        plan: The serialised engine.

    Raises:
        EngineError: There is no GPU, or TensorRT refuses the plan; the message holds its reason.
    """

    def __init__(self, tensorrt: TensorRt, plan: bytes) -> None:
        self.tensorrt = tensorrt
        self._runtime: Any = None
        self._engine: Any = None
        MESSAGES.clear()
        try:
            self._runtime = tensorrt.api.Runtime(logger_of(tensorrt))
            self._engine = self._runtime.deserialize_cuda_engine(plan)
        except (RuntimeError, TypeError) as error:
            MESSAGES.add(1, str(error))
        if self._engine is None:
            self.close()
            raise EngineError(
                received=f"a plan that {tensorrt} cannot load here ({MESSAGES.last_errors()})",
                expected="a plan for this GPU, driver and version",
                fix="load it on the machine that it was built for, or build it again here",
            )

    @property
    def engine(self) -> Any:
        """TensorRT's ICudaEngine.

        Raises:
            EngineError: The plan is closed.
        """
        if self._engine is None:
            raise EngineError("a closed engine", "an open one", "open it again")
        return self._engine

    @property
    def memory_bytes(self) -> int:
        """GPU memory that one execution of it needs, besides weights, input and output."""
        # The older `device_memory_size` is gone in TensorRT 11; this one is in all releases.
        return int(self.engine.device_memory_size_v2)

    @cached_property
    def names(self) -> tuple[str, str]:
        """Names of its input and of its output.

        Raises:
            ModelError: It has another number of either.
        """
        engine, mode = self.engine, self.tensorrt.api.TensorIOMode
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        inputs = [name for name in names if engine.get_tensor_mode(name) == mode.INPUT]
        outputs = [name for name in names if name not in inputs]
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                received=f"{len(inputs)} inputs and {len(outputs)} outputs in a plan",
                expected="one image input and one output of logits",
                fix="export the network with these alone",
            )
        return inputs[0], outputs[0]

    def tensors(self, context: Any) -> tuple[TensorSpec, TensorSpec]:
        """Its input and its output, at the shape that a context executes it.

        Args:
            context: Of `create_context`.
        """
        first, last = (
            spec_of(name, context.get_tensor_shape(name), self.engine.get_tensor_dtype(name))
            for name in self.names
        )
        return first, last

    @cached_property
    def layers(self) -> list[LayerReport]:
        """Its layers after fusion, as TensorRT's inspector gives them.

        Raises:
            EngineError: The inspector's answer cannot be read.
        """
        form = self.tensorrt.api.LayerInformationFormat.JSON
        inspector = self.engine.create_engine_inspector()
        return read_layers(str(inspector.get_engine_information(form)))

    def create_context(self, images: int | None = None, memory: int = 0) -> Any:
        """Make what executes the plan: an IExecutionContext for one shape.

        Args:
            images: How many images it executes at a time; None for as many as the plan takes.
            memory: Address of `memory_bytes` of GPU memory that outlives it, which contexts may
                share that never execute at the same time; 0 for memory of its own.

        Raises:
            EngineError: There is not enough memory, or the plan's shape is refused.
            ModelError: The plan has another number of inputs or outputs than one.
        """
        name, _ = self.names
        MESSAGES.clear()
        context = self._create(memory)
        if context is None:
            raise EngineError(
                received=f"an engine that cannot be started ({MESSAGES.last_errors()})",
                expected=f"{self.memory_bytes / 1e6:.0f} MB of free GPU memory",
                fix="end other programs on the GPU, or choose a smaller network_size",
            )
        largest = self._input_shape(name)
        shape = (largest[0] if images is None else images, *largest[1:])
        if not context.set_input_shape(name, shape):
            raise EngineError(
                received=f"the input shape {shape}, which the engine refuses "
                f"({MESSAGES.last_errors()})",
                expected=f"at most the shape that it was built for, {largest}",
                fix="remove it with segmentation engines remove, and build it again",
            )
        return context

    def _create(self, memory: int) -> Any:
        strategies = self.tensorrt.api.ExecutionContextAllocationStrategy
        strategy = strategies.USER_MANAGED if memory else strategies.STATIC
        context = self.engine.create_execution_context(self._settings(strategy))
        if memory and context is not None:
            context.set_device_memory(memory, self.memory_bytes)
        return context

    def _settings(self, strategy: Any) -> Any:
        """How a context is made: who allocates and, where there is a choice, when it compiles."""
        if not self.tensorrt.is_rtx:
            return strategy
        settings = self.engine.create_runtime_config()
        settings.set_execution_context_allocation_strategy(strategy)
        # By default the kernels of a shape are compiled meanwhile, and slower ones stand in: a CUDA
        # graph that was captured by then would keep these.
        when = self.tensorrt.api.DynamicShapesKernelSpecializationStrategy.EAGER
        settings.dynamic_shapes_kernel_specialization_strategy = when
        return settings

    def _input_shape(self, name: str) -> tuple[int, ...]:
        """The largest shape of the input: its profile's, where the network takes several."""
        shape = tuple(self.engine.get_tensor_shape(name))
        if any(size < 0 for size in shape):
            _, _, shape = map(tuple, self.engine.get_tensor_profile_shape(name, 0))
        return shape

    def close(self) -> None:
        """Free the engine, then the runtime that made it; closing twice does nothing."""
        self._engine = None
        self._runtime = None
