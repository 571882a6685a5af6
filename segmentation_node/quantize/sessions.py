"""Runs networks with ONNX Runtime, as they are written."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from segmentation_node.errors import EngineError

Arrays = list[NDArray[Any]]


class Session:
    """A network on ONNX Runtime.

    With `exact` nothing is fused: ONNX Runtime computes FP16 networks with Q/DQ pairs wrongly
    otherwise, and int8 kernels saturate on processors without VNNI. Q/DQ pairs are then rounding
    in floating point, which is what they mean.

    Args:
        network: The network.
        exact: Whether to compute node by node.
    """

    def __init__(self, network: onnx.ModelProto, *, exact: bool) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # The arena keeps what the largest run took, and beside the outputs that is most of it.
        options.enable_cpu_mem_arena = False
        if exact:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._session = open_session(network.SerializeToString(), options, "a network")
        self._input = self._session.get_inputs()[0].name

    def run(self, image: NDArray[np.float32], names: Collection[str] | None = None) -> Arrays:
        """Run the network.

        Args:
            image: (1, 3, h, w) float32, the network's input.
            names: Outputs to give; all of them where None.

        Raises:
            EngineError: ONNX Runtime failed, for want of memory or because a size does not fit.
        """
        wanted = None if names is None else list(names)
        try:
            return list(self._session.run(wanted, {self._input: image}))
        except Exception as error:
            raise EngineError(
                received=f"a failure of ONNX Runtime ({_one_line(error)})",
                expected="the network's outputs",
                fix="check the network size and free memory",
            ) from error


def open_session(
    network: bytes, options: onnxruntime.SessionOptions, name: str
) -> onnxruntime.InferenceSession:
    """Load a network on the processor.

    Args:
        network: An ONNX file's bytes.
        options: How it is loaded.
        name: What to call it in the error.

    Raises:
        EngineError: ONNX Runtime cannot load it.
    """
    try:
        return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions share no base class
        raise EngineError(
            received=f"{name}, which ONNX Runtime cannot load ({_one_line(error)})",
            expected="an ONNX network of its operators",
            fix="export the network again with an older opset, or update onnxruntime",
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
