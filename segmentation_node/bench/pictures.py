"""The pictures of a score: its confusion matrix, and the worst frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segmentation_node.bench.accuracy import Tally
from segmentation_node.bench.confusion import Confusion, draw_confusion
from segmentation_node.bench.output import make_folder
from segmentation_node.bench.worst_frames import WorstFrames
from segmentation_node.core.labels import LabelSet
from segmentation_node.media.images import write_image


class Pictures:
    """Collects what pictures need while a model is scored, and draws them.

    Args:
        folder: Where to; made here, so that a wrong one is found before anything is scored.
        labels: Of the data set.
        predicted: Of the model.

    Raises:
        OutputError: The folder cannot be made.
    """

    def __init__(self, folder: Path, labels: LabelSet, predicted: LabelSet) -> None:
        self._folder = folder
        self._worst = WorstFrames(labels, predicted)
        self.tallies: tuple[Tally, ...] = (Confusion(), self._worst)
        make_folder(folder, "--pictures")

    def draw(self, score: Mapping[str, Any]) -> None:
        """Draw the pictures; their names tell the model's file, network size and precision.

        Args:
            score: From `bench.accuracy.evaluate` with the tallies.

        Raises:
            OutputError: A picture cannot be written.
        """
        model = Path(score["model_file"]).stem
        stem = f"{model}-{score['network_size']}-{score['precision']}"
        draw_confusion(self._folder / f"{stem}-confusion.png", score)
        write_image(self._folder / f"{stem}-worst-frames.png", self._worst.draw(score))
