"""What the cameras of a pipeline on a GPU share, and the engine's tensors in figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.cuda.gpu import Gpu
from segmentation_node.engines import GpuEngine
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, TensorSpec
from segmentation_node.pipeline.gpu_graphs import GraphUse
from segmentation_node.pipeline.gpu_run import GpuRun, Turn
from segmentation_node.pipeline.view import View

_PRECISIONS = {"float32": "fp32", "float16": "fp16"}


@dataclass(frozen=True, eq=False)
class GpuParts:
    """What the cameras of a pipeline share.

    Args:
        gpu: The GPU.
        model: The network.
        engine: The network on its runtime.
        view: What is seen of the images, and what its results look like.
        turn: Keeps inferences in order.
        graphs: Whether frames go out as graphs.
        mapped: Whether kernels read images and write results in main memory.
    """

    gpu: Gpu
    model: Model
    engine: GpuEngine
    view: View
    turn: Turn
    graphs: GraphUse
    mapped: bool = False

    @property
    def network_size(self) -> NetworkSize:
        """Size of the network's input."""
        *_, height, width = shape_of(self.engine.input)
        return NetworkSize(height, width)

    def make_run(self, images: int = 1) -> GpuRun:
        """What an execution of so many images needs; the GPU's context is current.

        Raises:
            EngineError: CUDA refuses.
        """
        tensor_bytes = bytes_of(self.engine.input), bytes_of(self.engine.output)
        return GpuRun(self.gpu, tensor_bytes, self.graphs, images)


def shape_of(spec: TensorSpec) -> tuple[int, int, int]:
    """Channels, height and width of an engine's input or output.

    Raises:
        EngineError: It is not one image at a time, of a size that is known.
    """
    batch, *shape = spec.shape
    if batch != 1 or len(shape) != 3 or None in shape:
        raise EngineError(
            received=f"an engine with the tensor {spec}",
            expected="the tensors of one image at a time, 1xCxHxW",
            fix="build the engine for a size that is fixed",
        )
    channels, height, width = (size for size in shape if size is not None)
    return channels, height, width


def bytes_of(spec: TensorSpec) -> int:
    """Bytes of a tensor."""
    return int(np.prod(shape_of(spec))) * np.dtype(spec.dtype).itemsize


def precision_of(spec: TensorSpec) -> str:
    """The kernels' name of the type of a tensor."""
    # What is neither is named by the kernels' own check.
    return _PRECISIONS.get(spec.dtype, spec.dtype)
