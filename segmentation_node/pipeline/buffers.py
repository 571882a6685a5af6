"""What a pipeline writes, and the memory that it writes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import ConfigError, OutputError


@dataclass(frozen=True)
class Outputs:
    """What to make besides the labels.

    Args:
        color: The label image in the palette's colours.
        overlay: These colours blended over the camera image.
        confidence: The softmax of the winning class.
        alpha: Weight of the colours in the overlay, 0 to 1.
    """

    color: bool = True
    overlay: bool = False
    confidence: bool = False
    alpha: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise ConfigError(
                received=f"alpha: {self.alpha!r}",
                expected="a number from 0 (camera image alone) to 1 (colours alone)",
                fix="correct alpha",
            )


@dataclass(frozen=True, eq=False)
class Buffers:
    """Arrays of one size (the camera's, or the network's) that one segmentation is written to.

    Args:
        labels: (H, W) uint8, C-contiguous.
        color: (H, W, 3) uint8, C-contiguous, or None where it is not wanted.
        overlay: (H, W, 3) uint8, C-contiguous, or None.
        confidence: (H, W) uint8, C-contiguous, or None.
    """

    labels: NDArray[np.uint8]
    color: NDArray[np.uint8] | None = None
    overlay: NDArray[np.uint8] | None = None
    confidence: NDArray[np.uint8] | None = None

    @classmethod
    def allocate(cls, height: int, width: int, outputs: Outputs) -> Buffers:
        """Make arrays for what is wanted.

        Args:
            height: Pixels of the results.
            width: Pixels of the results.
            outputs: What is wanted.
        """
        gray, rgb = (height, width), (height, width, 3)
        return cls(
            np.empty(gray, np.uint8),
            np.empty(rgb, np.uint8) if outputs.color else None,
            np.empty(rgb, np.uint8) if outputs.overlay else None,
            np.empty(gray, np.uint8) if outputs.confidence else None,
        )

    def fits(self, height: int, width: int, outputs: Outputs) -> bool:
        """Whether these buffers hold what is wanted at a size."""
        try:
            self.check(height, width, outputs)
        except OutputError:
            return False
        return True

    def check(self, height: int, width: int, outputs: Outputs) -> None:
        """Check that these buffers can be written.

        Args:
            height: Pixels of the results.
            width: Pixels of the results.
            outputs: What is wanted.

        Raises:
            OutputError: One that is wanted is missing, or is of another shape or layout.
        """
        gray, rgb = (height, width), (height, width, 3)
        _check("labels", self.labels, gray)
        for name, wanted, shape in (
            ("color", outputs.color, rgb),
            ("overlay", outputs.overlay, rgb),
            ("confidence", outputs.confidence, gray),
        ):
            if wanted:
                _check(name, getattr(self, name), shape)


def _check(name: str, array: NDArray[np.uint8] | None, shape: tuple[int, ...]) -> None:
    if array is None:
        found = "none"
    elif array.dtype == np.uint8 and array.shape == shape and array.flags.carray:
        return
    else:
        layout = "writable" if array.flags.carray else "read-only or not C-contiguous"
        found = f"a {layout} array of {array.dtype} {array.shape}"
    raise OutputError(
        received=f"{found} for {name}",
        expected=f"a writable, C-contiguous array of uint8 {shape}",
        fix="use Buffers.allocate with the size of the results and the same outputs",
    )
