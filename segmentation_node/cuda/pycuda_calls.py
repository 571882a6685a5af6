"""Calls of PyCUDA, each with its result checked."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from segmentation_node.errors import EngineError
from segmentation_node.installing import pip_install


class PyCuda:
    """PyCUDA's module; importing it starts nothing and makes no context.

    Raises:
        EngineError: PyCUDA, or NVIDIA's driver, is missing.
    """

    def __init__(self) -> None:
        try:
            self.module: Any = importlib.import_module("pycuda.driver")
        except (ImportError, OSError) as error:
            raise EngineError(
                received=f"no PyCUDA ({error})",
                expected="the package pycuda, and NVIDIA's driver",
                fix=f"{pip_install('pycuda')} on a machine with a GPU",
            ) from error

    def call(self, task: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call CUDA. PyCUDA checks the result of each call and raises `Error` for a bad one.

        Args:
            task: What is being done, for the error.
            function: What is called.
            arguments: Its arguments.

        Raises:
            EngineError: CUDA refuses.
        """
        try:
            return function(*arguments)
        except self.module.Error as error:
            # PyCUDA gives back what nobody refers to any more, which must be while the context is
            # current: tracebacks, which live longer, must not refer to it.
            del function, arguments
            raise refused(str(error), task) from error.with_traceback(None)


def refused(reason: str, task: str) -> EngineError:
    """The error for a call that CUDA refused.

    Args:
        reason: What CUDA said.
        task: What was being done.
    """
    if "out of memory" in reason.lower().replace("_", " "):
        return EngineError(
            received=f"{reason} while {task}",
            expected="enough free memory on the GPU",
            fix="end other programs on the GPU (nvidia-smi lists them), or ask for a smaller "
            "network size",
        )
    return EngineError(
        received=f"{reason} while {task}",
        expected="a GPU that answers, in a context that is current on this thread",
        fix="see nvidia-smi and the kernel log for the GPU's state; start again",
    )
