"""Which light a set of images was taken in, and what a calibration set lacks of it.

Ranges measured by day need not hold by night. The light is told from an image alone, by its mean
luma: coarse, but it needs no labels and errs seldom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.image_statistics import ImageStatistics, image_statistics
from segmentation_node.media.images import read_image
from segmentation_node.model import ImageSummary, Spread
from segmentation_node.model.calibration import CONDITIONS, FIGURES
from segmentation_node.quantize.images import ImageSet

NIGHT_BELOW, DAY_FROM = 43.0, 70.0
"""Mean luma, 0..255, that tells night from dusk and dusk from day.

Where CamVid's drives by day and at dusk and rendered scenes of day, rain, dusk and night are told
apart with the fewest mistakes; docs/quantization.md says how many.
"""

PRESENT_SHARE = 0.02
"""Share of a set from which on a condition counts as present: fewer are taken for mistakes."""


@dataclass(frozen=True)
class ImageFigures:
    """What the light of an image is told from.

    Args:
        sequence: The drive that the image is from, the prefix of its name.
        light: Its luminance, contrast and saturation.
    """

    sequence: str
    light: ImageStatistics

    @property
    def condition(self) -> str:
        """`day`, `dusk` or `night`."""
        if self.light.luminance < NIGHT_BELOW:
            return "night"
        return "dusk" if self.light.luminance < DAY_FROM else "day"


def figures_of(bgr: NDArray[np.uint8], sequence: str = "") -> ImageFigures:
    """Measure an image.

    Args:
        bgr: (H, W, 3) uint8 BGR.
        sequence: The drive that it is from.
    """
    return ImageFigures(sequence, image_statistics(bgr))


@dataclass(frozen=True)
class Coverage:
    """The light of a set of images.

    Args:
        images: The figures of each, in the order of the set.
    """

    images: tuple[ImageFigures, ...]

    @classmethod
    def of(cls, images: ImageSet, progress: Callable[[int, int], None] | None = None) -> Coverage:
        """Measure a set of images.

        Args:
            images: The images.
            progress: Called with the number of images done, and of all.

        Raises:
            MediaError: An image cannot be read.
        """
        figures = []
        for path in images.paths:
            figures.append(figures_of(read_image(path), path.stem.rsplit("_", 1)[0]))
            if progress:
                progress(len(figures), len(images))
        return cls(tuple(figures))

    def conditions(self) -> dict[str, int]:
        """Number of images in each condition, those that none is in included."""
        counts = Counter(image.condition for image in self.images)
        return {name: counts[name] for name in CONDITIONS}

    def sequences(self) -> dict[str, int]:
        """Number of images by sequence."""
        return dict(Counter(image.sequence for image in self.images))

    def summary(self, names: Sequence[str], sha256: str) -> ImageSummary:
        """The set as a sidecar tells of it.

        Args:
            names: Names of the files.
            sha256: Digest of the set.
        """
        return ImageSummary(
            names=tuple(names),
            sha256=sha256,
            conditions=self.conditions(),
            **{figure: self._spread(figure) for figure in FIGURES},
        )

    def _spread(self, figure: str) -> Spread:
        return Spread.of([getattr(image.light, figure) for image in self.images])

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {name}" for name, number in self.conditions().items())
        light = self._spread("luminance")
        low, high = light.percentiles.at(5), light.percentiles.at(95)
        return (
            f"{len(self.images)} images of {len(self.sequences())} sequences: {counts}; "
            f"mean luma {light.mean:.0f} ({low:.0f} to {high:.0f})"
        )


def gaps(calibration: Coverage, reference: Coverage) -> list[str]:
    """What a calibration set lacks of the light in a reference set.

    Args:
        calibration: The set to calibrate on.
        reference: What the network will be used or scored on.

    Returns:
        A sentence with figures for each condition that is in the reference alone.
    """
    have, wanted = calibration.conditions(), reference.conditions()
    return [
        f"no {name} in the calibration set: {have[name]} of its {len(calibration.images)} images, "
        f"but {wanted[name]} of the reference's {len(reference.images)} (mean luma "
        f"{_mean_luma(reference, name):.0f}); INT8 ranges may not hold there"
        for name in CONDITIONS
        if _is_present(wanted[name], reference) and not _is_present(have[name], calibration)
    ]


def _is_present(count: int, of: Coverage) -> bool:
    return count > 0 and count >= PRESENT_SHARE * len(of.images)


def _mean_luma(coverage: Coverage, condition: str) -> float:
    found = [image.light.luminance for image in coverage.images if image.condition == condition]
    return sum(found) / len(found)
