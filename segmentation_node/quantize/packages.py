"""Says which packages of this room are missing, before any of them is imported."""

from __future__ import annotations

from importlib.util import find_spec

from segmentation_node.errors import EngineError
from segmentation_node.installing import pip_install

NEEDED = ("onnx", "onnxruntime")


def check_installed() -> None:
    """Check that networks can be quantised here.

    Raises:
        EngineError: A package is missing; the message says how to get it.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise EngineError(
            received=f"no {' and no '.join(missing)}",
            expected="the packages that networks are quantised with",
            fix=pip_install(*NEEDED),
        )
