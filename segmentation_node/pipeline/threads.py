"""How many threads this process computes with."""

from __future__ import annotations

import cv2

from segmentation_node.engines import openvino_runtime


def limit_threads(count: int) -> None:
    """Compute with so many threads at most, for processes that share a machine.

    Networks that are open already keep theirs. Labels do not depend on it.

    Args:
        count: Threads, 1 or more.

    Raises:
        EngineError: The runtime is missing.
    """
    cv2.setNumThreads(count)
    openvino_runtime.limit_threads(count)
