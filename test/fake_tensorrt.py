"""A stand-in for TensorRT's Python interface: it builds nothing, and notes what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any

from segmentation_node.engines.cache import Gpu
from segmentation_node.engines.tensorrt_flavour import FLAVOURS, TensorRt

ORIN = Gpu("Orin", "8.7", 62841, "540.4.0", "12.6")
PLAN = b"ftrt" + bytes(range(60))


class LayerType(Enum):
    CONVOLUTION = 0
    DECONVOLUTION = 7
    MATRIX_MULTIPLY = 17
    QUANTIZE = 32
    DEQUANTIZE = 33
    ACTIVATION = 1


class NetworkDefinitionCreationFlag(IntEnum):
    STRONGLY_TYPED = 1


class BuilderFlag(Enum):
    TF32 = 6
    REQUIRE_USER_ALLOCATION = 26


class ProfilingVerbosity(Enum):
    DETAILED = 2


class MemoryPoolType(Enum):
    WORKSPACE = 0


class LayerInformationFormat(Enum):
    JSON = 1


class ExecutionContextAllocationStrategy(Enum):
    STATIC = 0
    USER_MANAGED = 2


class DynamicShapesKernelSpecializationStrategy(Enum):
    LAZY = 0
    EAGER = 1


class RuntimeConfig:
    """How TensorRT for RTX is to make a context."""

    def __init__(self) -> None:
        self.strategy = ExecutionContextAllocationStrategy.STATIC
        self.dynamic_shapes_kernel_specialization_strategy = (
            DynamicShapesKernelSpecializationStrategy.LAZY
        )

    def set_execution_context_allocation_strategy(
        self, strategy: ExecutionContextAllocationStrategy
    ) -> None:
        self.strategy = strategy


class TensorIOMode(Enum):
    INPUT = 1
    OUTPUT = 2


class Base:
    """What ILogger and IProgressMonitor are: classes to derive from."""


def tensor(name: str, shape: tuple[int, ...], dtype: str = "FLOAT") -> SimpleNamespace:
    return SimpleNamespace(name=name, shape=shape, dtype=SimpleNamespace(name=dtype))


def layer(kind: LayerType, source: str, end: str, dtype: str = "FLOAT") -> SimpleNamespace:
    before, after = tensor(source, (1,)), tensor(end, (1,), dtype)
    return SimpleNamespace(type=kind, get_input=lambda _: before, get_output=lambda _: after)


class Logits:
    """The network's output: its batch is the input's, unless a layer fixes it."""

    name, dtype = "logits", SimpleNamespace(name="FLOAT")

    def __init__(self, api: FakeTensorRt, source: Any) -> None:
        self._api, self._source = api, source

    @property
    def shape(self) -> tuple[int, ...]:
        batch, _, *size = self._source.shape
        batch = self._api.batch if self._api.fixes_batch else batch
        coarse = (side if side < 0 else side // self._api.stride for side in size)
        return (batch, self._api.classes, *coarse)


class Network:
    def __init__(self, api: FakeTensorRt) -> None:
        self._api = api
        self.num_inputs, self.num_outputs = 1, api.outputs
        self.num_layers = len(api.layers)
        self._input = tensor("image", (api.batch, 3, -1, -1))

    def get_input(self, _: int) -> Any:
        return self._input

    def get_output(self, _: int) -> Any:
        return Logits(self._api, self._input)

    def get_layer(self, index: int) -> Any:
        return self._api.layers[index]


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[Any, ...]] = {}

    def set_shape(self, name: str, low: Any, best: Any, high: Any) -> None:
        self.shapes[name] = (low, best, high)


class TimingCache:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> bytes:
        return self.content + b"+measured"


class Config:
    def __init__(self, api: FakeTensorRt) -> None:
        self._api = api
        self.cleared: list[BuilderFlag] = []
        self.flags: list[BuilderFlag] = []
        self.pools: dict[MemoryPoolType, int] = {}
        self.timings: TimingCache | None = None
        self.profiles: list[Profile] = []

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.cleared.append(flag)

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.append(flag)

    def set_memory_pool_limit(self, pool: MemoryPoolType, size: int) -> None:
        self.pools[pool] = size

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profiles.append(profile)
        return -1 if self._api.refuses_profile else 0

    def create_timing_cache(self, content: bytes) -> TimingCache:
        return TimingCache(content)

    def set_timing_cache(self, timings: TimingCache, ignore_mismatch: bool) -> bool:
        accepted = timings.content != b"foreign" and not ignore_mismatch
        if accepted:
            self.timings = timings
        return accepted

    def get_timing_cache(self) -> TimingCache | None:
        return self.timings


class Context:
    """Executes nothing, and notes what it is bound to and what it is asked."""

    def __init__(self, api: FakeTensorRt, engine: Engine) -> None:
        self._api, self._engine = api, engine
        self.profiler: Any = None
        self.shape: tuple[int, ...] | None = None

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shape = shape
        return name == "image" and "shape" not in self._api.refuses

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        # Before the input's shape is known, dynamic tensors have none.
        is_known = self.shape is not None or not self._api.keeps_dynamic
        shape = self._engine.shape_of(name)
        return (self.shape or shape)[:1] + shape[1:] if is_known else (1, -1, -1, -1)

    def set_device_memory(self, memory: int, size: int) -> None:
        assert size == self._engine.device_memory_size_v2
        self._api.calls.append(("memory", memory))

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._api.calls.append(("bind", name, address))
        return "bind" not in self._api.refuses

    def execute_async_v3(self, stream: int) -> bool:
        images = () if self.shape is None or self.shape[0] == 1 else self.shape[:1]
        self._api.calls.append(("execute", stream, *images))
        if "execute" in self._api.refuses:
            self._api.log(1, "an illegal memory access was encountered")
            return False
        if self.profiler is not None:
            self.profiler.report_layer_time("conv1", 0.5)
        return True

    def __del__(self) -> None:
        self._api.freed.append("context")


class Engine:
    """A plan as it is once it is loaded."""

    device_memory_size_v2 = 3_000_000

    def __init__(self, api: FakeTensorRt) -> None:
        self._api = api
        self.num_io_tensors = len(api.tensors)

    def get_tensor_name(self, index: int) -> str:
        return str(self._api.tensors[index].name)

    def _tensor(self, name: str) -> Any:
        return next(one for one in self._api.tensors if one.name == name)

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name == "image" else TensorIOMode.OUTPUT

    def shape_of(self, name: str) -> tuple[int, ...]:
        return tuple(self._tensor(name).shape)

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        # A network of any size stays one in its plan, though the profile holds one shape.
        batch, *rest = self.shape_of(name)
        batch = batch if batch == 1 else -1
        return (batch, rest[0], -1, -1) if self._api.keeps_dynamic else (batch, *rest)

    def get_tensor_profile_shape(self, name: str, profile: int) -> list[tuple[int, ...]]:
        shape = self.shape_of(name)
        return [(1, *shape[1:]), shape, shape] if profile == 0 else []

    def get_tensor_dtype(self, name: str) -> Any:
        return self._tensor(name).dtype

    def create_engine_inspector(self) -> Any:
        return SimpleNamespace(get_engine_information=lambda _: self._api.inspection)

    def create_runtime_config(self) -> RuntimeConfig:
        self._api.runtime_configs.append(RuntimeConfig())
        return self._api.runtime_configs[-1]

    def create_execution_context(
        self,
        asked: (
            ExecutionContextAllocationStrategy | RuntimeConfig
        ) = ExecutionContextAllocationStrategy.STATIC,
    ) -> Context | None:
        assert isinstance(asked, ExecutionContextAllocationStrategy | RuntimeConfig)
        if "context" in self._api.refuses:
            self._api.log(1, "out of memory")
            return None
        return Context(self._api, self)

    def __del__(self) -> None:
        self._api.freed.append("engine")


class Runtime:
    def __init__(self, api: FakeTensorRt, logger: Any) -> None:
        self._api, self._logger = api, logger

    def deserialize_cuda_engine(self, plan: bytes) -> Any:
        for text in self._api.said:
            self._logger.log(1, text)
        refused = plan in self._api.refused_plans
        return None if refused or not self._api.loads else Engine(self._api)

    def __del__(self) -> None:
        self._api.freed.append("runtime")


class FakeTensorRt:
    """The module itself."""

    LayerType = LayerType
    NetworkDefinitionCreationFlag = NetworkDefinitionCreationFlag
    BuilderFlag = BuilderFlag
    ProfilingVerbosity = ProfilingVerbosity
    MemoryPoolType = MemoryPoolType
    LayerInformationFormat = LayerInformationFormat
    TensorIOMode = TensorIOMode
    ExecutionContextAllocationStrategy = ExecutionContextAllocationStrategy
    DynamicShapesKernelSpecializationStrategy = DynamicShapesKernelSpecializationStrategy
    IProgressMonitor = IProfiler = Base

    def __init__(self) -> None:
        # A class of its own for each: the logger of a process is made once for each base.
        self.ILogger = type("ILogger", (), {})
        self.layers = [layer(LayerType.CONVOLUTION, "image", "logits")]
        self.batch, self.classes, self.outputs = 1, 4, 1
        self.fixes_batch = False
        self.stride = 8
        self.errors: list[Any] = []
        self.refuses_profile = False
        self.starts = True
        self.plan: bytes | None = PLAN
        self.said: list[str] = []
        self.during: Callable[[Any], None] = lambda _: None
        self.config = Config(self)
        self.flags = 0
        self.builds = 0
        # Of plans that are loaded.
        self.loads = True
        self.keeps_dynamic = True
        self.refused_plans: set[bytes] = set()
        self.tensors = [tensor("image", (1, 3, 64, 96)), tensor("logits", (1, 4, 8, 12))]
        self.inspection = '{"Layers": ["conv1"]}'
        self.refuses: set[str] = set()
        self.calls: list[tuple[Any, ...]] = []
        self.freed: list[str] = []
        self.runtime_configs: list[RuntimeConfig] = []
        self.log: Callable[[int, str], None] = lambda *_: None

    def Builder(self, logger: Any) -> Any:
        if not self.starts:
            logger.log(1, "no CUDA device")
            raise TypeError("pybind11::init(): factory function returned nullptr")
        return SimpleNamespace(
            create_network=self._network,
            create_builder_config=lambda: self.config,
            create_optimization_profile=Profile,
            build_serialized_network=lambda *_: self._build(logger),
        )

    def _network(self, flags: int) -> Network:
        self.flags = flags
        self.network = Network(self)
        return self.network

    def _build(self, logger: Any) -> bytes | None:
        self.builds += 1
        for text in self.said:
            logger.log(1, text)
        self.during(self.config.progress_monitor)
        return self.plan

    def OnnxParser(self, *_: Any) -> Any:
        return SimpleNamespace(
            parse=lambda *_: not self.errors,
            num_errors=len(self.errors),
            get_error=lambda index: self.errors[index],
        )

    def Runtime(self, logger: Any) -> Runtime:
        self.log = logger.log
        return Runtime(self, logger)


def parser_error(node: int, operator: str, why: str, name: str = "") -> SimpleNamespace:
    return SimpleNamespace(
        node=lambda: node, node_operator=lambda: operator, node_name=lambda: name, desc=lambda: why
    )


def fake_tensorrt(version: str = "10.3.0") -> tuple[TensorRt, Any]:
    """The library as `load_tensorrt` gives it, and the module behind it."""
    api = FakeTensorRt()
    return TensorRt(FLAVOURS["tensorrt"], api, version), api
