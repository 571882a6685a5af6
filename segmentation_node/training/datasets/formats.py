"""The formats of data sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from segmentation_node.errors import ConfigError
from segmentation_node.training.datasets.camvid import camvid
from segmentation_node.training.datasets.cityscapes import cityscapes, cityscapes19
from segmentation_node.training.datasets.folder import folder
from segmentation_node.training.datasets.rendered import rendered
from segmentation_node.training.datasets.sample import Dataset


@dataclass(frozen=True)
class Format:
    """One format.

    Args:
        read: Reads a split of it from a folder.
        split: The split that is scored where none is named.
    """

    read: Callable[[Path, str], Dataset]
    split: str = "val"


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "camvid": Format(lambda root, split: camvid(root, [split])),
        "cityscapes": Format(cityscapes),
        "cityscapes19": Format(cityscapes19),
        "folder": Format(folder, split=""),
        "rendered": Format(rendered),
    }
)
"""The formats by name."""


def dataset(form: str, root: Path, split: str | None = None, limit: int | None = None) -> Dataset:
    """One split of a data set, or some of it, by the name of its format.

    Args:
        form: One of `FORMATS`.
        root: Folder that the format's reader asks for.
        split: Such as `train` or `val`; the one to score on where None.
        limit: How many samples of it, evenly spaced; all where None.

    Raises:
        ConfigError: There is no such format.
        DatasetError: The folder is not laid out so, and the message says what was looked for;
            or the limit is not positive.
    """
    if form not in FORMATS:
        raise ConfigError(f"the format {form!r}", " or ".join(FORMATS), "give one of them")
    found = FORMATS[form]
    samples = found.read(Path(root), found.split if split is None else split)
    return samples if limit is None else samples.spread(limit)
