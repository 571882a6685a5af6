"""Calls of CUDA's driver API by cuda-bindings, for what PyCUDA has no call for."""

from __future__ import annotations

import importlib
from typing import Any

from segmentation_node.cuda.pycuda_calls import refused
from segmentation_node.errors import EngineError
from segmentation_node.installing import pip_install


class DriverApi:
    """CUDA's driver API; importing it needs no GPU, and starts nothing.

    Raises:
        EngineError: cuda-bindings is missing.
    """

    def __init__(self) -> None:
        try:
            self._api: Any = importlib.import_module("cuda.bindings.driver")
        except (ImportError, OSError) as error:
            raise _missing(error) from error

    def call(self, task: str, name: str, *arguments: Any) -> Any:
        """Call a function of the driver API and check its result.

        Args:
            task: What is being done, for the error.
            name: The function, such as `cuGraphLaunch`.
            arguments: Its arguments; handles as whole numbers.

        Returns:
            What the function gives besides its status; None where that is nothing.

        Raises:
            EngineError: CUDA refuses, or NVIDIA's driver is missing.
        """
        try:
            status, *found = getattr(self._api, name)(*arguments)
        except (RuntimeError, OSError) as error:
            # The bindings look for the driver's library when they are first called.
            raise _missing(error) from error
        if int(status):
            raise refused(f"{status.name} from {name}", task)
        return found[0] if found else None

    def constant(self, kind: str, name: str) -> Any:
        """A value of one of the API's enumerations."""
        return getattr(getattr(self._api, kind), name)


def _missing(error: Exception) -> EngineError:
    return EngineError(
        received=f"no driver API ({error})",
        expected="the package cuda-bindings, and NVIDIA's driver",
        fix=f"{pip_install('cuda-bindings')} on a machine with a GPU",
    )
