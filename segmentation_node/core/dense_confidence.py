"""Confidence at camera size by the definition's own operations, over memory that is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.geometry import Fit
from segmentation_node.core.postprocess import fit_samples
from segmentation_node.core.scratch import Scratch

_VALUES_AT_ONCE = 2**18
"""Interpolated logits per step: about what a core's second-level cache holds."""


class DenseConfidence:
    """Makes confidence images for one fit and one shape of logits, class by class at every pixel.

    Memory is kept from call to call. One instance serves one thread at a time.

    Args:
        fit: How the image is fitted.
        logits_shape: (C, h, w) of the network's output.
    """

    def __init__(self, fit: Fit, logits_shape: tuple[int, int, int]) -> None:
        self._y, self._x = fit_samples(fit, *logits_shape[1:])
        self._part = fit.image_part
        self._scratch = Scratch()

    def __call__(
        self, logits: NDArray[np.float32], out: NDArray[np.uint8], temperature: float = 1.0
    ) -> None:
        """Write the confidence image.

        Args:
            logits: (C, h, w) float32.
            out: (H, W) uint8, written to: 255 times the winner's softmax, 0 outside the canvas.
            temperature: Divides the logits first.
        """
        if out[self._part].shape != out.shape:
            out.fill(0)
        wide = self._widen(logits)
        step = max(1, _VALUES_AT_ONCE // (wide.shape[0] * wide.shape[2]))
        for start in range(0, len(self._y.low), step):
            band = self._band(wide, slice(start, start + step))
            first = self._part[0].start + start
            target = out[first : first + band.shape[1], self._part[1]]
            self._confidence(band, np.float32(temperature), target)

    def _widen(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Interpolate along x."""
        shape = (*logits.shape[:2], len(self._x.low))
        wide, right = self._scratch.get("wide", shape), self._scratch.get("right", shape)
        np.take(logits, self._x.low, axis=2, out=wide, mode="clip")
        np.take(logits, self._x.high, axis=2, out=right, mode="clip")
        return _blend(wide, right, self._x.weight)

    def _band(self, wide: NDArray[np.float32], part: slice) -> NDArray[np.float32]:
        """Interpolate some rows along y."""
        low, high = self._y.low[part], self._y.high[part]
        shape = (wide.shape[0], len(low), wide.shape[2])
        band, below = self._scratch.get("band", shape), self._scratch.get("below", shape)
        np.take(wide, low, axis=1, out=band, mode="clip")
        np.take(wide, high, axis=1, out=below, mode="clip")
        return _blend(band, below, self._y.weight[part, None])

    def _confidence(
        self, band: NDArray[np.float32], temperature: np.float32, out: NDArray[np.uint8]
    ) -> None:
        """Turn (C, r, W) logits into (r, W) confidences, by the operations of the definition."""
        one = self._scratch.get("one", band.shape[1:])
        band -= np.maximum.reduce(band, axis=0, out=one)
        band /= temperature
        np.exp(band, out=band)
        np.add.reduce(band, axis=0, out=one)
        np.divide(255, one, out=one)
        np.rint(one, out=one)
        np.copyto(out, one, casting="unsafe")


def _blend(
    a: NDArray[np.float32], b: NDArray[np.float32], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Turn a into a·(1 - weight) + b·weight; b is used up."""
    np.multiply(a, np.float32(1) - weight, out=a)
    np.multiply(b, weight, out=b)
    return np.add(a, b, out=a)
