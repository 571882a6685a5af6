"""What every engine can do: one small protocol over all runtimes."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from segmentation_node.model import Model, TensorSpec

PRECISIONS = ("auto", "fp32", "bf16", "fp16", "int8")
"""What may be asked for; `auto` is the fastest that costs no accuracy to speak of."""


class Engine(Protocol):
    """A network on a runtime, at one size and precision; whoever opens it closes it."""

    @property
    def name(self) -> str:
        """The engine's name, such as `openvino`."""

    @property
    def runtime(self) -> str:
        """The runtime and its version, such as `OpenVINO 2026.1.0`."""

    @property
    def device(self) -> str:
        """The device that it runs on, as the runtime names it."""

    @property
    def precision(self) -> str:
        """The precision in use, asked of the runtime: `fp32`, `bf16`, `fp16` or `int8`."""

    @property
    def model(self) -> Model:
        """The network in use: where its precision is a file of its own, what that file is."""

    @property
    def input(self) -> TensorSpec:
        """The network's own input, at the size in use."""

    @property
    def output(self) -> TensorSpec:
        """The network's logits, at the size in use."""

    def close(self) -> None:
        """Free what the engine holds; closing twice does nothing."""

    def __enter__(self) -> Engine:
        """Give the engine itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the engine."""


class CpuEngine(Engine, Protocol):
    """An engine whose input and output lie in main memory.

    Channel order and normalisation are part of it: its input is a plain image of the network's
    size. It serves one thread at a time.
    """

    @property
    def input_array(self) -> NDArray[np.uint8]:
        """(1, h, w, 3) uint8 BGR: the engine's own input, to be filled before `infer`."""

    def infer(self, image: NDArray[np.uint8] | None = None) -> NDArray[np.float32]:
        """Run the network.

        Args:
            image: (h, w, 3) or (1, h, w, 3) uint8 BGR to copy into `input_array` first; None
                where that is filled already.

        Returns:
            (1, C, h/stride, w/stride) float32 logits, in the engine's own memory: valid until the
            next call or `close`.

        Raises:
            EngineError: The engine is closed, the image is of another shape, or the runtime
                failed.
        """


@runtime_checkable
class GpuEngine(Engine, Protocol):
    """An engine whose input and output lie in GPU memory, which the caller owns.

    Its input is what the network itself takes: planar, normalised, in the model's channel order.
    `input` and `output` are those of one image. It serves one thread at a time, on which the CUDA
    context is current that it was made in.
    """

    @property
    def batch(self) -> int:
        """How many images one execution takes at most."""

    def enqueue(
        self, stream: int, input_address: int, output_address: int, images: int = 1
    ) -> None:
        """Run the network in the order of a stream, and return at once.

        The caller's memory is used until the stream has come to what follows.

        Args:
            stream: Handle of the CUDA stream.
            input_address: (images, 3, h, w) of the type in `input`: address in GPU memory.
            output_address: (images, C, h/stride, w/stride) of the type in `output`: address in GPU
                memory.
            images: How many images, 1 to `batch`.

        Raises:
            EngineError: The engine is closed, or the runtime failed.
        """


@dataclass(frozen=True)
class EngineReport:
    """What one kind of engine can do on this machine.

    Args:
        name: As it is asked for, such as `openvino`.
        runtime: Runtime and version; empty where it is missing.
        device: The device that it would run on; empty where there is none.
        precisions: What it can do there, the choice of `auto` first.
        problem: Why it cannot be used and what to do about it; empty where it can.
    """

    name: str
    runtime: str = ""
    device: str = ""
    precisions: tuple[str, ...] = ()
    problem: str = ""
