"""Scores of things by bands of size or distance.

A *thing* is a connected component of one class in the annotation. Every true pixel of a class is in
the band of its thing, found or not. Every pixel that is falsely said to be of the class is charged
to one band too: where the predicted component that it is part of overlaps things of the class, to
the band of the one that it overlaps most; where it overlaps none, to the band that the predicted
component itself would be in. So hits, misses and false pixels of all bands add up to those of the
class, and a band's IoU = TP / (TP + FP + FN) is that of its part of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.components import Components
from segmentation_node.core.metrics import mean_score
from segmentation_node.errors import ConfigError, DatasetError

BandOf = Callable[[Components], NDArray[np.int64]]
"""Gives (n,) int64: the band of each component."""

FOUND = 0.5
"""A thing of which at least this share of pixels has its class counts as found."""


@dataclass(frozen=True)
class Bands:
    """Neighbouring intervals of a quantity.

    Args:
        names: Names of the bands, ascending.
        edges: Where one band ends and the next begins; a value at an edge is in the next.
    """

    names: tuple[str, ...]
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        ascending = all(low < high for low, high in pairwise(self.edges))
        if len(self.names) != len(self.edges) + 1 or not ascending:
            raise ConfigError(
                received=f"{len(self.names)} bands with the edges {self.edges}",
                expected="ascending edges, one fewer than bands",
                fix="correct the bands",
            )

    def __len__(self) -> int:
        return len(self.names)

    def of(self, values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) int64: the band of each of n values."""
        return np.searchsorted(np.array(self.edges), values, side="right").astype(np.int64)


class BandCounts:
    """Pixels and things by class and band, over any number of images.

    Args:
        names: Names of the classes that are things.
        bands: The bands.

    Attributes:
        things: (C, B) int64: things in the annotation.
        found: (C, B) int64: those found.
        hits: (C, B) int64: pixels of things that have their class.
        misses: (C, B) int64: pixels of things that have another.
        false: (C, B) int64: pixels of other classes that are said to be of this.
    """

    def __init__(self, names: Sequence[str], bands: Bands) -> None:
        self.names, self.bands = tuple(names), bands
        shape = len(self.names), len(bands)
        self.things, self.found = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.hits, self.misses = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.false = np.zeros(shape, np.int64)

    def add(self, name: str, things: Components, claims: Components, band_of: BandOf) -> None:
        """Count one class in one image.

        Args:
            name: The class.
            things: Of its pixels in the annotation.
            claims: Of its pixels in the prediction, without those that do not count.
            band_of: Gives the bands of components of this image.

        Raises:
            DatasetError: They are of images of different shapes.
        """
        if things.index.shape != claims.index.shape:
            shapes = f"components of {things.index.shape} and {claims.index.shape}"
            raise DatasetError(shapes, "those of one image", "check them")
        row, bands = self.names.index(name), band_of(things)
        true, said = things.index >= 0, claims.index >= 0
        hits = np.bincount(things.index[true & said], minlength=len(things))
        self.things[row] += self._per_band(bands)
        self.found[row] += self._per_band(bands[hits >= FOUND * things.area_px])
        self.hits[row] += self._per_band(bands, hits)
        self.misses[row] += self._per_band(bands, things.area_px - hits)
        false = np.bincount(claims.index[said & ~true], minlength=len(claims))
        charged = _charged(things, claims, bands, band_of(claims))
        self.false[row] += self._per_band(charged, false)

    def _per_band(
        self, bands: NDArray[np.int64], weights: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        sums = np.bincount(bands, weights, minlength=len(self.bands))
        return sums.astype(np.int64)

    @property
    def recall(self) -> NDArray[np.float64]:
        """(C, B) float64, 0..1: share of the things' pixels that have their class; or NaN."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def iou(self) -> NDArray[np.float64]:
        """(C, B) float64, 0..1: IoU of each class and band; NaN where nothing is in it."""
        return _ratio(self.hits, self.hits + self.misses + self.false)

    @property
    def found_share(self) -> NDArray[np.float64]:
        """(C, B) float64, 0..1: share of the things that were found; NaN where there are none."""
        return _ratio(self.found, self.things)

    def mean(self, scores: NDArray[np.float64]) -> tuple[float, ...]:
        """Mean of (C, B) scores in each band, over the classes that have things in it."""
        return tuple(
            mean_score(_of_present(scores[:, band], self.things[:, band]))
            for band in range(len(self.bands))
        )


def _charged(
    things: Components,
    claims: Components,
    thing_bands: NDArray[np.int64],
    own_bands: NDArray[np.int64],
) -> NDArray[np.int64]:
    """(n,) int64: the band that each predicted component's false pixels are charged to."""
    charged: NDArray[np.int64] = own_bands.copy()
    both = (things.index >= 0) & (claims.index >= 0)
    if both.any():
        pairs = claims.index[both].astype(np.int64) * len(things) + things.index[both]
        pairs, pixels = np.unique(pairs, return_counts=True)
        # The largest overlap is written last; of equals the first thing.
        claim, thing = np.divmod(pairs[np.lexsort((-pairs, pixels))], len(things))
        charged[claim] = thing_bands[thing]
    return charged


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    ratio = np.full(part.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _of_present(scores: NDArray[np.float64], things: NDArray[np.int64]) -> Iterable[float]:
    return [float(score) for score, count in zip(scores, things, strict=True) if count]
