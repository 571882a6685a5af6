"""The formats of data sets by name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from segmentation_node.datasets.camvid import camvid
from segmentation_node.datasets.cityscapes import cityscapes, cityscapes19
from segmentation_node.datasets.folder import LABELS_FILE, folder
from segmentation_node.datasets.label_check import check_labels
from segmentation_node.datasets.rendered import is_still, rendered
from segmentation_node.datasets.sample import Dataset
from segmentation_node.errors import ConfigError, DatasetError, nearest
from segmentation_node.media.images import is_listed_image

_log = logging.getLogger("segmentation_node")


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


AUTO = "auto"
"""The format is found from the layout."""

_CAMVID_SEQUENCES = ("0001TP", "0006R0", "0016E5", "Seq05VD")
_SPLITS = ("train", "val", "test", "")


def found_format(root: Path) -> str:
    """The format of a data set, by how it is laid out.

    Args:
        root: Its folder.

    Raises:
        DatasetError: It cannot be told.
    """
    root = Path(root)
    if (root / "leftImg8bit").is_dir() or (root / "gtFine").is_dir():
        return "cityscapes"
    if (root / LABELS_FILE).is_file():
        return "folder"
    names = {
        path.stem
        for split in _SPLITS
        for path in (root / split / "images").glob("*")
        if is_listed_image(path)
    }
    if names and all(name.startswith(_CAMVID_SEQUENCES) for name in names):
        return "camvid"
    if names and all(is_still(name) for name in names):
        return "rendered"
    raise DatasetError(
        received=f"the data set {root}, of which the layout does not tell the format",
        expected=f"leftImg8bit/ and gtFine/ (cityscapes), {LABELS_FILE} (folder), or names as "
        "CamVid's or the renderer's",
        fix=f"write {LABELS_FILE} there for labels of your own, or give --format: "
        + ", ".join(FORMATS),
    )


def settled_format(form: str, root: Path) -> str:
    """The format that is meant; one that the layout contradicts is refused."""
    if form == AUTO:
        return found_format(root)
    if form not in FORMATS:
        meant = nearest(form, FORMATS)
        fix = f"give --format {meant}" if meant else "give one of them, or leave --format out"
        raise ConfigError(f"the format {form!r}", " or ".join(FORMATS), fix)
    if form in {"camvid", "rendered"} and (root / LABELS_FILE).is_file():
        raise DatasetError(
            received=f"--format {form} for {root}, which has a {LABELS_FILE} of its own",
            expected=f"--format folder, which reads it: {form} has classes of its own",
            fix="leave --format out",
        )
    return form


def checked_dataset(
    form: str,
    root: Path,
    split: str | None = None,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """As `dataset`, with all of its label images read and held against its label set.

    What the user should know of them is logged as a warning.

    Raises:
        ConfigError: There is no such format.
        DatasetError: It is not laid out so, or its labels are not those that it declares.
        MediaError: A label image cannot be read.
    """
    data = dataset(form, root, split, limit)
    for sentence in check_labels(data, progress):
        _log.warning("%s: not scored", sentence)
    return data


def dataset(form: str, root: Path, split: str | None = None, limit: int | None = None) -> Dataset:
    """One split of a data set, or some of it, by the name of its format.

    Args:
        form: One of `FORMATS`, or `auto`, which finds it.
        root: Folder that the format's reader asks for.
        split: Such as `train` or `val`; the one to score on where None.
        limit: How many samples of it, evenly spaced; all where None.

    Raises:
        ConfigError: There is no such format.
        DatasetError: The folder is not laid out so, and the message says what was looked for;
            or the limit is not positive.
    """
    found = FORMATS[settled_format(form, Path(root))]
    samples = found.read(Path(root), found.split if split is None else split)
    return samples if limit is None else samples.spread(limit)
