"""Memory for intermediate results, kept from frame to frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Arrays by name that are allocated once and handed out again at any smaller size.

    An array's content is whatever was left in it. Two threads must not share one Scratch.
    """

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[Any]] = {}
        self.allocations = 0

    def get(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """Give an array of a shape, C-contiguous, without allocating where it was as large before.

        Args:
            name: What the array is for; the same name is the same memory.
            shape: Shape of the array.
            dtype: Its type, the same in every call with this name.
        """
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            self.allocations += 1
            kept = self._kept[name] = np.empty(size, dtype)
        return kept[:size].reshape(shape)
