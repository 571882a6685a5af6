"""Merges the classes of a network into fewer: by name, and exactly, after the decision.

The class of a pixel is decided among all classes of the network, and only then looked up in a
table, so that a merged label image is the network's own with other ids. As the table has an entry
for each channel, the lookup costs nothing: the fast path writes the merged ids in the first place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.label_set import LabelSet
from segmentation_node.core.labels import read_label_set
from segmentation_node.errors import ConfigError, meant
from segmentation_node.fields import Fields, read_yaml
from segmentation_node.files import at_home
from segmentation_node.resources import share_directory


class ChannelIds(Protocol):
    """What a label image holds for each channel of a network; a `LabelSet` is one."""

    @property
    def name(self) -> str:
        """Name of the network's label set."""

    @property
    def num_classes(self) -> int:
        """Number of channels of the network."""

    @property
    def id_of_channel(self) -> NDArray[np.uint8]:
        """(num_classes,) uint8: the label image's pixel value for each channel."""

    @property
    def ignore_id(self) -> int:
        """Pixel value for "no class"."""


@dataclass(frozen=True, eq=False)
class MergedIds:
    """The ids of merged classes, for each channel of a network.

    Args:
        name: Name of the network's label set.
        id_of_channel: (C,) uint8: the label image's pixel value for each channel.
        ignore_id: Pixel value for "no class".
    """

    name: str
    id_of_channel: NDArray[np.uint8]
    ignore_id: int

    @property
    def num_classes(self) -> int:
        """Number of channels of the network."""
        return len(self.id_of_channel)


@dataclass(frozen=True, eq=False)
class ClassMap:
    """Which classes become which.

    Args:
        name: Name of the map, as errors show it.
        labels: What label images hold afterwards.
        sources: The classes that become each label, by the label's name.

    Raises:
        ConfigError: A class is merged twice, or into a label that there is not.
    """

    name: str
    labels: LabelSet
    sources: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        for target in self.sources:
            self.labels.by_name(target)
        seen: set[str] = set()
        for source, target in self._pairs():
            if source in seen:
                self._refuse(f"the class {source!r} for {target!r} again", "each class once")
            seen.add(source)

    def table(self, labels: LabelSet) -> NDArray[np.uint8]:
        """What each pixel value of a network's label images becomes.

        Args:
            labels: The network's label set.

        Returns:
            (256,) uint8: the merged id for each pixel value; `ignore_id` of the merged labels for
            the network's ignored labels that the map does not name, and where there is no label.

        Raises:
            ConfigError: The map names a class that the network does not have, or leaves out one
                that it has.
        """
        self._check_against(labels)
        table = np.full(256, self.labels.ignore_id, np.uint8)
        for source, target in self._pairs():
            table[labels.by_name(source).pixel] = self.labels.by_name(target).pixel
        return table

    def ids_for(self, labels: LabelSet) -> MergedIds:
        """The merged ids of a network's channels.

        Args:
            labels: The network's label set.

        Raises:
            ConfigError: The map and the network do not fit each other, as `table` says.
        """
        ids = self.table(labels)[labels.id_of_channel]
        return MergedIds(labels.name, ids, self.labels.ignore_id)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for target, sources in self.sources.items():
            yield from ((source, target) for source in sources)

    def _check_against(self, labels: LabelSet) -> None:
        known = {label.name for label in labels.labels}
        named = {source for source, _ in self._pairs()}
        for source, target in self._pairs():
            if source not in known:
                names = ", ".join(label.name for label in labels.labels)
                self._refuse(f"the class {source!r} for {target!r}", f"of {labels.name}: {names}")
        for label in labels.classes:
            if not label.ignored and label.name not in named:
                self._refuse(f"no {label.name!r}", f"every class of {labels.name} to be merged")

    def _refuse(self, received: str, expected: str) -> None:
        raise ConfigError(
            received=f"{received} in the class map {self.name}",
            expected=expected,
            fix=f"correct merge in {self.name}, or choose the map of the network's own classes",
        )


def class_maps_directory() -> Path:
    """The folder of the maps that come with the package."""
    return share_directory() / "config" / "class_maps"


def shipped_class_maps() -> tuple[str, ...]:
    """Names of the maps that come with the package."""
    return tuple(sorted(path.stem for path in class_maps_directory().glob("*.yaml")))


def load_class_map(name_or_path: str | Path) -> ClassMap:
    """Read a class map.

    Args:
        name_or_path: The name of a shipped map, such as `cityscapes19_to_categories`, or the path
            of a .yaml file with the keys `labels` (as in a model's sidecar) and `merge` (for each
            label, the list of classes that become it).

    Raises:
        ConfigError: No such map or file, or the file is faulty.
    """
    path = _path_of(name_or_path)
    fields = Fields(read_yaml(path), path.name)
    labels = read_label_set(fields, "labels", path.parent)
    merge = fields.child("merge")
    sources = {target: merge.texts(target) for target in fields.mapping("merge")}
    fields.close()
    return ClassMap(path.stem, labels, sources)


def _path_of(name_or_path: str | Path) -> Path:
    path = at_home(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        return path
    if str(name_or_path) in shipped_class_maps():
        return class_maps_directory() / f"{name_or_path}.yaml"
    raise ConfigError(
        received=f"the class map {str(name_or_path)!r}",
        expected=f"a shipped map ({', '.join(shipped_class_maps())}) or the path of a .yaml file",
        fix=meant(
            str(name_or_path),
            shipped_class_maps(),
            "choose one of them, or write your own: docs/class_maps.md",
        ),
    )
