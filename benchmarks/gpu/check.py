"""Whether there is a GPU to measure on."""

from __future__ import annotations

import importlib.util

from segmentation_node.cuda.pycuda_gpu import PyCudaGpu
from segmentation_node.errors import EngineError


def check_gpu(*packages: str) -> None:
    """Check that a GPU answers, and that packages are installed.

    Args:
        packages: Names of the packages, as they are imported.

    Raises:
        EngineError: The GPU or a package is missing; the message says which.
    """
    try:
        gpu = PyCudaGpu()
    except EngineError as error:
        raise EngineError(
            received=f"a machine on which nothing can be run on a GPU: {error.received}",
            expected="an NVIDIA GPU, its driver, PyCUDA and cuda-bindings",
            fix="run this on a machine that has them: docs/gpu.md",
        ) from error
    gpu.close()
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise EngineError(
            received=f"a Python without {', '.join(missing)}",
            expected="one with " + ", ".join(packages),
            fix=f"pip install {' '.join(missing)}",
        )
