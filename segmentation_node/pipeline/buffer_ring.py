"""Buffers that are written again and again, in turns."""

from __future__ import annotations

import threading

from segmentation_node.core.window import Window
from segmentation_node.pipeline.buffers import Buffers, Outputs

_SETS = 2
"""For each calling thread: one result can be read while the next one is made."""


class BufferRing:
    """Two sets of buffers for each thread that asks; the oldest one is used again."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    def next(self, window: Window, outputs: Outputs) -> Buffers:
        """The calling thread's oldest set; one of another kind is left to whoever still holds it.

        Args:
            window: Size of the results.
            outputs: What is wanted.
        """
        ring: list[Buffers] = self._of_thread.__dict__.setdefault("ring", [])
        size = window.height, window.width
        oldest = ring.pop(0) if len(ring) == _SETS else None
        if oldest is None or not oldest.fits(*size, outputs):
            oldest = Buffers.allocate(*size, outputs)
        ring.append(oldest)
        return oldest
