"""What is asked of a build."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError
from segmentation_node.model import Model

PRECISIONS = ("fp32", "fp16", "int8")
LARGEST_BATCH = 64
LEVELS = range(6)


@dataclass(frozen=True)
class BuildRequest:
    """What is asked of a build; the defaults are TensorRT's own, but for TF32.

    Args:
        precision: `fp32`, `fp16` or `int8`: what the ONNX must be, since the precision is its own.
        size: Size of the network's input; None for the model's default.
        batch: Images at a time, at most: the engine takes any number from 1 up to it.
        flavour: `auto`, `tensorrt` or `rtx`.
        target: GPU generation to build for from afar, such as `SM86`, or `portable` (TensorRT for
            RTX alone); empty for the GPU of this machine, or `portable` where there is none.
        workspace_mib: Limit on the GPU memory that a layer may use besides its tensors; None for
            all of it.
        level: Builder optimisation level: 0 builds fastest, 5 searches longest.
        tf32: Whether float32 layers may round their inputs to 10 bits of mantissa, which TensorRT
            does unless told not to. Then they are no longer FP32, so here it is off.

    Raises:
        ConfigError: A value is out of its range.
    """

    precision: str = "fp32"
    size: NetworkSize | None = None
    batch: int = 1
    flavour: str = "auto"
    target: str = ""
    workspace_mib: int | None = None
    level: int = 3
    tf32: bool = False

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            _refuse(f"the precision {self.precision!r}", "one of " + ", ".join(PRECISIONS))
        if not 1 <= self.batch <= LARGEST_BATCH:
            _refuse(f"the batch {self.batch}", f"1 to {LARGEST_BATCH} images")
        if self.level not in LEVELS:
            _refuse(f"the level {self.level}", "0 (builds fastest) to 5 (searches longest)")
        if self.workspace_mib is not None and self.workspace_mib < 1:
            _refuse(f"a workspace of {self.workspace_mib} MiB", "1 MiB or more")
        if not re.fullmatch(r"|portable|SM\d{2,3}", self.target):
            _refuse(f"the target {self.target!r}", "a GPU generation such as SM86, or portable")

    def shape_for(self, model: Model) -> tuple[int, int, int, int]:
        """(batch, 3, height, width): the largest shape of the engine's input.

        Raises:
            ModelError: The network cannot run at that size.
        """
        size = self.size or model.default_size
        model.check_size(size)
        return self.batch, 3, size.height, size.width


def _refuse(received: str, expected: str) -> NoReturn:
    raise ConfigError(received, expected, "ask for one of these")
