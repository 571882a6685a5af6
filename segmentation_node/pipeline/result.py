"""What comes out of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segmentation_node.pipeline.buffers import Buffers


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A class for every pixel of one camera image, or of what the network has seen of it.

    The arrays belong to whoever gave or lent the buffers; the call that returned this object says
    for how long they are valid. `copy` gives arrays of one's own.

    Args:
        labels: (H, W) uint8 label ids.
        color: (H, W, 3) uint8 RGB, where it was asked for.
        overlay: (H, W, 3) uint8 RGB, where it was asked for.
        confidence: (H, W) uint8, 255 times the winner's softmax, where it was asked for.
        stages_ms: Milliseconds spent in `preprocess`, `inference` and `postprocess`, and `total`.
        stamp_ns: Time of capture of the camera image, nanoseconds.
        frame_id: Coordinate frame of the camera.
    """

    labels: NDArray[np.uint8]
    color: NDArray[np.uint8] | None
    overlay: NDArray[np.uint8] | None
    confidence: NDArray[np.uint8] | None
    stages_ms: Mapping[str, float]
    stamp_ns: int = 0
    frame_id: str = ""

    def copy(self) -> Segmentation:
        """The same with arrays of its own, valid for as long as they are kept."""
        return replace(
            self,
            labels=self.labels.copy(),
            color=_copied(self.color),
            overlay=_copied(self.overlay),
            confidence=_copied(self.confidence),
        )

    @classmethod
    def of(
        cls, buffers: Buffers, stages_ms: Mapping[str, float], stamp_ns: int, frame_id: str
    ) -> Segmentation:
        """View filled buffers as a result."""
        return cls(
            buffers.labels,
            buffers.color,
            buffers.overlay,
            buffers.confidence,
            stages_ms,
            stamp_ns,
            frame_id,
        )


def _copied(array: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    return None if array is None else array.copy()
