"""What a sidecar says of the calibration of a quantised network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segmentation_node.core.geometry import LARGEST_SIDE, FitMode, NetworkSize
from segmentation_node.core.percentiles import PERCENTS, Percentiles
from segmentation_node.fields import Fields

METHODS = ("percentile", "minmax", "entropy")
CONDITIONS = ("day", "dusk", "night")
FIGURES = ("luminance", "contrast", "saturation")

LEAST_AGREEMENT = 0.99
"""Share of the cells that must have the class of the float network, for INT8 to be trusted."""

MOST_CHANGED = 0.1
"""Share of a class's cells that it may lose to others, or gain from them."""

_LARGEST_RANGE = 3.5e38
_DIGEST_LENGTH = 64
_OLD_PERCENTS = (5, 95)
"""What sidecars held before the stream was compared with them."""


@dataclass(frozen=True)
class Spread:
    """How a figure is spread over a set of images.

    Args:
        mean: Its mean.
        percentiles: Its percentiles; those at 5 and 95 alone where the sidecar is an old one.
    """

    mean: float
    percentiles: Percentiles

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """That of a set of figures."""
        return cls(sum(figures) / len(figures), Percentiles.of(figures))

    def to_mapping(self) -> dict[str, float]:
        """The spread as it stands in a sidecar: `mean`, and `p5` for the 5th percentile."""
        known = zip(self.percentiles.percents, self.percentiles.values, strict=True)
        return {
            "mean": round(self.mean, 1),
            **{f"p{percent}": round(value, 1) for percent, value in known},
        }


@dataclass(frozen=True)
class ImageSummary:
    """What a set of images was.

    Args:
        names: File names, in the order of use.
        sha256: Digest over the names and digests of all files, in hexadecimal.
        conditions: Number of images by condition, such as `night`.
        luminance: Of the images' mean luma, 0..255.
        contrast: Of the standard deviations of their luma, in the same unit.
        saturation: Of their mean saturations, 0..255.
    """

    names: tuple[str, ...]
    sha256: str
    conditions: Mapping[str, int]
    luminance: Spread
    contrast: Spread
    saturation: Spread

    @property
    def spreads(self) -> Mapping[str, Spread]:
        """The figures of the images' light by name, as `core.image_statistics` has them."""
        return {name: getattr(self, name) for name in FIGURES}


@dataclass(frozen=True)
class Calibration:
    """How the ranges of a quantised network were measured.

    Args:
        method: `entropy`, `percentile` or `minmax`.
        bins: Bins of the histograms.
        percentile: Per cent of the values within a range, for `percentile`.
        size: Size of the network's input while measuring.
        fit: How the images were fitted to it.
        network_sha256: Of the float network's file, in hexadecimal.
        images: What was measured on.
        ranges: Largest magnitude that INT8 tells, by tensor.
        float_layers: Weighted operators that were left in float.
    """

    method: str
    bins: int
    percentile: float
    size: NetworkSize
    fit: FitMode
    network_sha256: str
    images: ImageSummary
    ranges: Mapping[str, float]
    float_layers: tuple[str, ...]

    def to_mapping(self) -> dict[str, Any]:
        """The calibration as it stands in a sidecar."""
        return {
            "method": self.method,
            "bins": self.bins,
            "percentile": self.percentile,
            "size": [self.size.height, self.size.width],
            "fit": self.fit.value,
            "network_sha256": self.network_sha256,
            "images": {
                "count": len(self.images.names),
                "sha256": self.images.sha256,
                "conditions": dict(self.images.conditions),
                **{name: spread.to_mapping() for name, spread in self.images.spreads.items()},
                "names": list(self.images.names),
            },
            "float_layers": list(self.float_layers),
            "ranges": dict(self.ranges),
        }


@dataclass(frozen=True)
class Agreement:
    """How a network in INT8 labels beside the float network that it was made from.

    Args:
        images: Number of images that both were run on.
        same_class: Share of the logits' cells in which the same class wins, 0..1.
        kept: By class, the share of its cells in float that keep it, 0..1.
        gained: By class, the cells that it has in INT8 alone, as a share of those in float.
        unjudged: Classes with too few cells in these images to tell.
    """

    images: int
    same_class: float
    kept: Mapping[str, float]
    gained: Mapping[str, float]
    unjudged: tuple[str, ...] = ()

    @property
    def trouble(self) -> str:
        """What makes the network one that should not be used, in words; empty where nothing."""
        lost = {name: 1 - share for name, share in self.kept.items()}
        told = [
            f"{name} {verb} {100 * share:.0f} % of its cells"
            for verb, shares in (("loses", lost), ("gains", self.gained))
            for name, share in sorted(shares.items(), key=lambda one: -one[1])
            if share > MOST_CHANGED
        ]
        if self.same_class >= LEAST_AGREEMENT and not told:
            return ""
        whole = f"{100 * self.same_class:.1f} % of the cells have the class of the float network"
        return "; ".join([whole, *told])

    def to_mapping(self) -> dict[str, Any]:
        """The agreement as it stands in a sidecar."""
        return {
            "images": self.images,
            "same_class": round(self.same_class, 4),
            "kept": {name: round(share, 4) for name, share in self.kept.items()},
            "gained": {name: round(share, 4) for name, share in self.gained.items()},
            "unjudged": list(self.unjudged),
        }


def read_agreement(fields: Fields) -> Agreement:
    """Read the agreement of a sidecar.

    Args:
        fields: The mapping at `agreement`.

    Raises:
        SegmentationError: A key is missing, unknown or faulty; the message names it.
    """
    agreement = Agreement(
        images=fields.integer("images", 1, 10**9),
        same_class=fields.number("same_class", 0, 1),
        kept=_shares(fields.child("kept"), 1),
        gained=_shares(fields.child("gained"), _LARGEST_RANGE),
        unjudged=fields.texts("unjudged"),
    )
    fields.close()
    return agreement


def _shares(fields: Fields, most: float) -> dict[str, float]:
    return {name: fields.number(name, 0, most) for name in fields.names()}


def read_calibration(fields: Fields) -> Calibration:
    """Read the calibration of a sidecar.

    Args:
        fields: The mapping at `calibration`.

    Raises:
        SegmentationError: A key is missing, unknown or faulty; the message names it.
    """
    height, width = fields.integers("size", 2, 1, LARGEST_SIDE)
    calibration = Calibration(
        method=fields.choice("method", METHODS),
        bins=fields.integer("bins", 1, 2**20),
        percentile=fields.number("percentile", 0, 100),
        size=NetworkSize(height, width),
        fit=FitMode(fields.choice("fit", [mode.value for mode in FitMode])),
        network_sha256=_digest(fields, "network_sha256"),
        images=_images(fields.child("images")),
        ranges=_ranges(fields.child("ranges")),
        float_layers=fields.texts("float_layers"),
    )
    fields.close()
    return calibration


def _images(fields: Fields) -> ImageSummary:
    names = fields.texts("names")
    if fields.integer("count", 1, 10**9) != len(names):
        fields.fail("count", f"the number of names, {len(names)}")
    summary = ImageSummary(
        names=names,
        sha256=_digest(fields, "sha256"),
        conditions=_conditions(fields.child("conditions")),
        luminance=_spread(fields.child("luminance")),
        contrast=_spread(fields.child("contrast")),
        saturation=_spread(fields.child("saturation")),
    )
    fields.close()
    return summary


def _conditions(fields: Fields) -> dict[str, int]:
    counts = {name: fields.integer(name, 0, 10**9) for name in CONDITIONS if fields.has(name)}
    fields.close()
    return counts


def _spread(fields: Fields) -> Spread:
    is_old = not any(fields.has(f"p{one}") for one in PERCENTS if one not in _OLD_PERCENTS)
    percents = _OLD_PERCENTS if is_old else PERCENTS
    values = tuple(fields.number(f"p{percent}", 0, 255) for percent in percents)
    for percent, value, next_value in zip(percents, values, values[1:], strict=False):
        if value > next_value:
            fields.fail(f"p{percent}", "no more than at the next percentile")
    spread = Spread(fields.number("mean", 0, 255), Percentiles(percents, values))
    fields.close()
    return spread


def _ranges(fields: Fields) -> dict[str, float]:
    return {name: fields.number(name, 0, _LARGEST_RANGE) for name in fields.names()}


def _digest(fields: Fields, key: str) -> str:
    value = fields.text(key)
    if len(value) != _DIGEST_LENGTH or not set(value) <= set("0123456789abcdef"):
        fields.fail(key, "a SHA-256 digest, 64 hexadecimal digits")
    return value
