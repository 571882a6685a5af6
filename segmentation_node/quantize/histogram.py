"""Counts the magnitudes of a tensor's values, image by image, in memory that does not grow."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import ConfigError, ModelError

DEFAULT_BINS = 2048
"""As in Migacz, "8-bit Inference with TensorRT", GTC 2017."""

MOST_BINS = 2**13

_CHUNK = 2**18
"""Values counted at once: bounds the memory for temporary arrays."""

_LEAST_EXPONENT = -64
"""Magnitudes below 2^-64 share a slot: no scale that a runtime takes is finer."""


class MagnitudeHistogram:
    """A histogram of magnitudes whose range grows with the values.

    Its range is a power of two above the largest value, and it has twice the bins that were asked
    for: at least `bins` of them therefore lie below the largest value. When a larger one comes, the
    range doubles and pairs of bins are merged. As all edges are multiples of a power of two, the
    counts are those of one pass over all values at the final range, in whatever order they came.

    Args:
        bins: A power of two, 2048 or more.

    Attributes:
        largest: The largest magnitude so far.
        total: Number of values so far.
        zeros: How many of them were exactly zero.

    Raises:
        ConfigError: The number of bins is none that can be had.
    """

    def __init__(self, bins: int = DEFAULT_BINS) -> None:
        if bins & (bins - 1) or not DEFAULT_BINS <= bins <= MOST_BINS:
            raise ConfigError(
                received=f"{bins} bins",
                expected=f"a power of two from {DEFAULT_BINS} to {MOST_BINS}",
                fix=f"ask for {DEFAULT_BINS}",
            )
        self._counts = np.zeros(2 * bins, np.int64)
        self._exponent: int | None = None
        self.largest = 0.0
        self.total = 0
        self.zeros = 0

    @property
    def counts(self) -> NDArray[np.int64]:
        """(n,) int64: values in each bin, from zero to the bin of the largest value."""
        used = math.floor(self.largest / self.bin_width) + 1
        return self._counts[:used]

    @property
    def bin_width(self) -> float:
        """Width of a bin, in the tensor's own unit."""
        exponent = _LEAST_EXPONENT if self._exponent is None else self._exponent
        return math.ldexp(1.0, exponent) / len(self._counts)

    def update(self, values: NDArray[np.float32]) -> None:
        """Count values.

        Args:
            values: (...) float32.

        Raises:
            ModelError: A value is infinite or no number.
        """
        largest = largest_magnitude(values)
        self.largest = max(self.largest, largest)
        self._grow_to(largest)
        flat = values.reshape(-1)
        for start in range(0, flat.size, _CHUNK):
            self._count(flat[start : start + _CHUNK])

    def _count(self, values: NDArray[np.float32]) -> None:
        # Dividing by a power of two is exact, so no value falls to the wrong side of an edge.
        slots = (np.abs(values) * np.float32(1 / self.bin_width)).astype(np.int64)
        self._counts += np.bincount(slots, minlength=len(self._counts))
        self.total += values.size
        self.zeros += values.size - int(np.count_nonzero(values))

    def _grow_to(self, largest: float) -> None:
        needed = max(math.frexp(largest)[1], _LEAST_EXPONENT) if largest else _LEAST_EXPONENT
        if self._exponent is None:
            self._exponent = needed
        while self._exponent < needed:
            half = len(self._counts) // 2
            self._counts[:half] = self._counts[::2] + self._counts[1::2]
            self._counts[half:] = 0
            self._exponent += 1


def largest_magnitude(values: NDArray[np.float32]) -> float:
    """The largest magnitude among values, 0 where there are none.

    Args:
        values: (...) float32.

    Raises:
        ModelError: A value is infinite or no number.
    """
    if not values.size:
        return 0.0
    largest = float(max(values.max(), -values.min()))
    if not math.isfinite(largest):
        raise ModelError(
            received=f"an activation of {largest}",
            expected="finite numbers",
            fix="check the network and the images: its float32 version overflows on them",
        )
    return largest
