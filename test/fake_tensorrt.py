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


class ProfilingVerbosity(Enum):
    DETAILED = 2


class MemoryPoolType(Enum):
    WORKSPACE = 0


class LayerInformationFormat(Enum):
    JSON = 1


class Base:
    """What ILogger and IProgressMonitor are: classes to derive from."""


def tensor(name: str, shape: tuple[int, ...], dtype: str = "FLOAT") -> SimpleNamespace:
    return SimpleNamespace(name=name, shape=shape, dtype=SimpleNamespace(name=dtype))


def layer(kind: LayerType, source: str, end: str, dtype: str = "FLOAT") -> SimpleNamespace:
    before, after = tensor(source, (1,)), tensor(end, (1,), dtype)
    return SimpleNamespace(type=kind, get_input=lambda _: before, get_output=lambda _: after)


class Network:
    def __init__(self, api: FakeTensorRt) -> None:
        self._api = api
        self.num_inputs, self.num_outputs = 1, api.outputs
        self.num_layers = len(api.layers)

    def get_input(self, _: int) -> Any:
        return tensor("image", (1, 3, -1, -1))

    def get_output(self, _: int) -> Any:
        return tensor("logits", (1, 4, -1, -1))

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
        self.pools: dict[MemoryPoolType, int] = {}
        self.timings: TimingCache | None = None
        self.profiles: list[Profile] = []

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.cleared.append(flag)

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


class Builder:
    def __init__(self, logger: Any) -> None:
        self.logger = logger


class FakeTensorRt:
    """The module itself."""

    LayerType = LayerType
    NetworkDefinitionCreationFlag = NetworkDefinitionCreationFlag
    BuilderFlag = BuilderFlag
    ProfilingVerbosity = ProfilingVerbosity
    MemoryPoolType = MemoryPoolType
    LayerInformationFormat = LayerInformationFormat
    IProgressMonitor = Base

    def __init__(self) -> None:
        # A class of its own for each: the logger of a process is made once for each base.
        self.ILogger = type("ILogger", (), {})
        self.layers = [layer(LayerType.CONVOLUTION, "image", "logits")]
        self.outputs = 1
        self.errors: list[Any] = []
        self.refuses_profile = False
        self.starts = True
        self.plan: bytes | None = PLAN
        self.said: list[str] = []
        self.during: Callable[[Any], None] = lambda _: None
        self.config = Config(self)
        self.engine: Any = None
        self.flags = 0

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
        return Network(self)

    def _build(self, logger: Any) -> bytes | None:
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

    def Runtime(self, logger: Any) -> Any:
        def load(_: bytes) -> Any:
            for text in self.said:
                logger.log(1, text)
            return self.engine

        return SimpleNamespace(deserialize_cuda_engine=load)


def parser_error(node: int, operator: str, why: str, name: str = "") -> SimpleNamespace:
    return SimpleNamespace(
        node=lambda: node, node_operator=lambda: operator, node_name=lambda: name, desc=lambda: why
    )


def fake_tensorrt(version: str = "10.3.0") -> tuple[TensorRt, Any]:
    """The library as `load_tensorrt` gives it, and the module behind it."""
    api = FakeTensorRt()
    return TensorRt(FLAVOURS["tensorrt"], api, version), api
