"""Rendered scenes: `<root>/<split>/images/*.jpg` and `<root>/<split>/labels/*.png`."""

from __future__ import annotations

import re
from pathlib import Path

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.datasets.pairs import Layout, prefix
from segmentation_node.datasets.sample import Dataset, Sample
from segmentation_node.scenes.drive import CONDITIONS, Drive

_LAYOUT = Layout(
    "rendered scenes", (".jpg",), "give the folder that holds its train/ and val/ folders", prefix
)
_STILL = re.compile(r"([a-z_]+)_(\d+)")


def rendered(root: Path, split: str) -> Dataset:
    """Rendered scenes; the group of a sample is its condition, the prefix of its name.

    Args:
        root: Folder that `training.render.render_stills` filled.
        split: `train` or `val`.

    Raises:
        DatasetError: The folder is not laid out so; the message says what was looked for.
    """
    samples = _LAYOUT.samples(Path(root) / split)
    return Dataset(f"rendered/{split}", samples, CAMVID_11, horizon_of_scene)


def is_still(name: str) -> bool:
    """Whether a name is one that `training.render.render_stills` gives."""
    found = _STILL.fullmatch(name)
    return found is not None and found[1] in CONDITIONS


def horizon_of_scene(sample: Sample, height: int, width: int) -> float | None:
    """Image row of a still's horizon, asked of the scene itself.

    Args:
        sample: A still, whose name holds its condition and seed.
        height: Pixels of its image.
        width: Pixels of its image.

    Returns:
        The row in pixels; None where the name is not a still's.
    """
    found = _STILL.fullmatch(sample.name)
    if found is None or found[1] not in CONDITIONS:
        return None
    return Drive(int(found[2]), height, width, found[1]).horizon_row
