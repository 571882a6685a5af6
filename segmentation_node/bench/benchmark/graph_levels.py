"""A float32 network on ONNX Runtime, with more and more of its graph optimised.

OpenVINO and TensorRT fold and fuse always, and neither has a switch for it in what is released.
ONNX Runtime has: its levels of graph optimisation each hold the ones before.
Source: ONNX Runtime, "Graph Optimizations in ONNX Runtime".
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from segmentation_node.bench.benchmark.turns import Run
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import Model
from segmentation_node.quantize.sessions import open_session

LEVELS: Mapping[str, str] = {
    "as_exported": "ORT_DISABLE_ALL",
    "folded": "ORT_ENABLE_BASIC",
    "fused": "ORT_ENABLE_EXTENDED",
    "layout": "ORT_ENABLE_ALL",
}
"""The levels by what they add to the one before."""

Inputs = Sequence[NDArray[np.float32]]


class GraphLevel:
    """A network at one level of graph optimisation.

    Args:
        model: The float32 network.
        size: Size of its input.
        level: One of `LEVELS`.
        path: Where the optimised graph is written, which tells what was done.

    Raises:
        EngineError: ONNX Runtime cannot load it.
    """

    engine = f"onnxruntime (ONNX Runtime {onnxruntime.__version__})"

    def __init__(self, model: Model, size: NetworkSize, level: str, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = getattr(
            onnxruntime.GraphOptimizationLevel, LEVELS[level]
        )
        options.optimized_model_filepath = str(path)
        # As many threads as there are processors for this process, which it does not look up.
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        self._session = open_session(_at_size(model.path, size), options, model.path.name)
        self._input = self._session.get_inputs()[0].name
        self.bytes = path.stat().st_size if level != "as_exported" else model.path.stat().st_size
        """Size of the file: the optimised graph's, and as exported the network's own."""
        self.nodes = len(onnx.load(str(path), load_external_data=False).graph.node)
        """Nodes that are run one after the other."""

    def run_on(self, inputs: Inputs) -> Run:
        """Run the network alone.

        Args:
            inputs: (1, 3, h, w) float32, taken in turns.
        """

        def run(number: int) -> Mapping[str, float]:
            image = inputs[number % len(inputs)]
            start = time.perf_counter()
            self._session.run(None, {self._input: image})
            return {"inference": 1e3 * (time.perf_counter() - start)}

        return run


def _at_size(path: Path, size: NetworkSize) -> bytes:
    """The network with its input fixed, as the other engines fix it."""
    network = onnx.load(str(path))
    for axis, side in zip(
        network.graph.input[0].type.tensor_type.shape.dim,
        (1, 3, size.height, size.width),
        strict=True,
    ):
        axis.dim_value = side
    return bytes(network.SerializeToString())
