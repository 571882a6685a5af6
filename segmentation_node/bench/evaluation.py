"""What to find out about models on a data set: the scores, their parts, and the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmentation_node.bench.accuracy import Tally, evaluate
from segmentation_node.bench.by_condition import ByCondition
from segmentation_node.bench.by_distance import ByDistance
from segmentation_node.bench.by_size import BySize
from segmentation_node.bench.horizon import Horizon, horizon_of
from segmentation_node.bench.instances import Instances, has_instances
from segmentation_node.core.labels import LabelSet
from segmentation_node.datasets import Dataset
from segmentation_node.errors import ConfigError, OutputError
from segmentation_node.installing import pip_install
from segmentation_node.pipeline import Segmenter

if TYPE_CHECKING:
    from segmentation_node.bench.pictures import Pictures

PARTS = ("condition", "size", "distance")


@dataclass(frozen=True)
class Evaluation:
    """What to find out, the same for every model.

    Args:
        data: What to score on.
        by: Some of `PARTS`, to score by as well.
        horizon: Row of the horizon over the height of the image, for distances; None asks the
            scenes, or else estimates it.
        pictures: Folder for the confusion matrix and the worst frames; None draws none.
    """

    data: Dataset
    by: tuple[str, ...] = ()
    horizon: float | None = None
    pictures: Path | None = None

    def __post_init__(self) -> None:
        for part in self.by:
            if part not in PARTS:
                raise ConfigError(f"the part {part!r}", "one of " + ", ".join(PARTS), "choose one")

    def score(
        self, segmenter: Segmenter, progress: Callable[[int, int], None] | None = None
    ) -> dict[str, Any]:
        """Score a model, and draw its pictures where a folder for them is given.

        Args:
            segmenter: The model as it runs.
            progress: Called with the number of images done, and of all.

        Returns:
            As `bench.accuracy.evaluate` gives it, with the parts asked for.

        Raises:
            SegmentationError: The data cannot be read or fits neither the model nor the parts, or
                a picture cannot be written.
        """
        labels = self.data.labels, segmenter.labels
        tallies = self._tallies(*labels)
        if self.pictures is None:
            return evaluate(segmenter, self.data, progress, tallies)
        pictures = _pictures(self.pictures, *labels)
        score = evaluate(segmenter, self.data, progress, [*tallies, *pictures.tallies])
        pictures.draw(score)
        return score

    @cached_property
    def _horizon(self) -> Horizon:
        return horizon_of(self.data, self.horizon)

    def _tallies(self, labels: LabelSet, predicted: LabelSet) -> list[Tally]:
        made: dict[str, Callable[[], Tally]] = {
            "condition": ByCondition,
            "size": lambda: BySize(labels),
            "distance": lambda: ByDistance(labels, self._horizon),
        }
        tallies = [made[part]() for part in PARTS if part in self.by]
        return [*tallies, Instances(labels, predicted)] if has_instances(self.data) else tallies


def _pictures(folder: Path, labels: LabelSet, predicted: LabelSet) -> Pictures:
    # Scores alone need no matplotlib, which is an extra of the package.
    try:
        from segmentation_node.bench.pictures import Pictures  # noqa: PLC0415
    except ImportError as error:
        raise OutputError(
            received=f"no matplotlib ({error})",
            expected="the packages that pictures are drawn with",
            fix=f"run: {pip_install('matplotlib')}, or leave --pictures away",
        ) from error
    return Pictures(folder, labels, predicted)
