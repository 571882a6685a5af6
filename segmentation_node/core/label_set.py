"""Labels and sets of them: what pixels of a label image mean, and their colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import ConfigError, meant
from segmentation_node.fields import Fields, shown

NO_CLASS = 255
"""Pixel value for "no class" where no label has it; also the channel of pixels without one."""


@dataclass(frozen=True)
class Label:
    """One label.

    Args:
        id: Label id. Label images hold it as uint8, so -1 is stored as 255.
        name: Name, unique in its set.
        color: (3,) int RGB, 0..255.
        category: Name of the group that the label belongs to.
        ignored: Whether scores leave it out.
        train_id: The network's channel for it, where the set numbers channels apart from ids.
    """

    id: int
    name: str
    color: tuple[int, int, int]
    category: str = ""
    ignored: bool = False
    train_id: int | None = None

    def __post_init__(self) -> None:
        if not -1 <= self.id <= 255:
            raise _bad(self.name, f"id {self.id}", "an id from -1 to 255 (label images are 8-bit)")
        if len(self.color) != 3 or not all(0 <= c <= 255 for c in self.color):
            raise _bad(self.name, f"color {shown(self.color)}", "three values from 0 to 255 (RGB)")
        if self.train_id is not None and self.train_id < 0:
            raise _bad(self.name, f"train_id {self.train_id}", "a channel number from 0, or none")

    @property
    def pixel(self) -> int:
        """The value that stands for this label in an 8-bit label image."""
        return self.id % 256


@dataclass(frozen=True)
class LabelSet:
    """The labels of a data set or of a network.

    A network has one channel for each of `classes`: the labels with a train_id, ordered by it,
    or, where no label has one, all labels that are not ignored, as they are listed.

    Args:
        name: Name of the set.
        labels: All labels, ignored ones too.
    """

    name: str
    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        if not self.labels:
            raise _bad(self.name, "no labels", "at least one label")
        self._check_unique()
        self._check_channels()
        self._check_no_class()

    def _check_unique(self) -> None:
        seen: dict[object, Label] = {}
        for label in self.labels:
            for key, what in (((0, label.pixel), f"id {label.id}"), ((1, label.name), "name")):
                if key in seen:
                    other = seen[key]
                    raise _bad(label.name, f"the {what} of {other.name!r} again", "unique ones")
                seen[key] = label

    def _check_channels(self) -> None:
        if not self.classes:
            raise _bad(self.name, "only ignored labels", "at least one that is not ignored")
        numbered = [label for label in self.classes if label.train_id is not None]
        for channel, label in enumerate(numbered):
            if label.train_id != channel:
                expected = f"train ids 0 to {len(numbered) - 1}, each once ({channel} is missing)"
                raise _bad(label.name, f"train_id {label.train_id}", expected)

    def _check_no_class(self) -> None:
        if self._no_class is None and not self._free_ids:
            raise ConfigError(
                received=f"256 classes in {self.name!r}, which take every value of a pixel",
                expected="a value left over for pixels of no class, such as those outside a region",
                fix="leave a class out, or mark one that the network does not give as ignored",
            )

    @cached_property
    def classes(self) -> tuple[Label, ...]:
        """The labels that the network tells apart: channel i is classes[i]."""
        numbered = [label for label in self.labels if label.train_id is not None]
        if numbered:
            return tuple(sorted(numbered, key=lambda label: label.train_id or 0))
        return tuple(label for label in self.labels if not label.ignored)

    @property
    def num_classes(self) -> int:
        """Number of channels of the network."""
        return len(self.classes)

    @cached_property
    def ignore_id(self) -> int:
        """Pixel value for "no class", which no class of the network has.

        That of the first ignored label without a channel; where there is none, the highest value
        that no label has: 255, unless a class has that.
        """
        return self._free_ids[-1] if self._no_class is None else self._no_class.pixel

    @property
    def _no_class(self) -> Label | None:
        """The label of the set's own that stands for no class."""
        channels = {label.pixel for label in self.classes}
        ignored = (label for label in self.labels if label.ignored)
        return next((label for label in ignored if label.pixel not in channels), None)

    @cached_property
    def _free_ids(self) -> list[int]:
        """The pixel values of no label, ascending."""
        return sorted(set(range(256)) - {label.pixel for label in self.labels})

    @cached_property
    def listed(self) -> tuple[Label, ...]:
        """All labels, and one for "no class" where none of them stands for it.

        A legend lists these: every value that a label image can hold is among them.
        """
        if self._no_class is not None:
            return self.labels
        taken = {label.name for label in self.labels}
        names = ("no class", *(f"no class {number}" for number in range(2, 258)))
        name = next(name for name in names if name not in taken)
        return (*self.labels, Label(self.ignore_id, name, (0, 0, 0), ignored=True))

    @cached_property
    def id_of_channel(self) -> NDArray[np.uint8]:
        """(num_classes,) uint8: the label image's pixel value for each channel."""
        return _frozen(np.array([label.pixel for label in self.classes], np.uint8))

    @cached_property
    def channel_of_id(self) -> NDArray[np.uint8]:
        """(256,) uint8: the channel for each pixel value; 255 where there is none."""
        table = np.full(256, NO_CLASS, np.uint8)
        table[self.id_of_channel] = np.arange(self.num_classes)
        return _frozen(table)

    @cached_property
    def _palette(self) -> NDArray[np.uint8]:
        table = np.zeros((256, 3), np.uint8)
        for label in self.labels:
            table[label.pixel] = label.color
        return _frozen(table)

    def palette(self) -> NDArray[np.uint8]:
        """(256, 3) uint8 RGB, read-only: the colour of each pixel value; black without a label."""
        return self._palette

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories of the scored classes, in order of first appearance."""
        names = (label.category for label in self.classes if not label.ignored)
        return tuple(dict.fromkeys(name for name in names if name))

    def by_name(self, name: str) -> Label:
        """The label of that name.

        Raises:
            ConfigError: The set has no such label.
        """
        for label in self.labels:
            if label.name == name:
                return label
        known = [label.name for label in self.labels]
        raise ConfigError(
            f"the label {name!r}", f"a label of {self.name}: {', '.join(known)}", meant(name, known)
        )

    def to_mapping(self) -> dict[str, Any]:
        """The set as a mapping for YAML; `from_mapping` reads it back."""
        return {"name": self.name, "classes": [_label_mapping(label) for label in self.labels]}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], where: str = "labels") -> LabelSet:
        """Read a set from its YAML form: `name` and `classes`, a list of id, name, color, ….

        Args:
            mapping: The parsed YAML.
            where: What to call it in errors, such as the file's name.

        Raises:
            ConfigError: Something is missing or wrong; the message names the label at fault.
        """
        fields = Fields(mapping, where)
        name = fields.text("name")
        labels = tuple(_label(entry) for entry in fields.children("classes"))
        fields.close()
        return cls(name, labels)


def _label(entry: Fields) -> Label:
    name = entry.text("name")
    entry.where += f" ({name})"
    color = entry.integers("color", 3, 0, 255)
    train_id = entry.optional_integer("train_id", -1, 255)
    # Cityscapes gives those that are not trained on 255 or -1.
    is_left_out = train_id in {-1, 255}
    label = Label(
        id=entry.integer("id", -1, 255),
        name=name,
        color=(color[0], color[1], color[2]),
        category=entry.text("category", ""),
        ignored=entry.flag("ignored", default=False) or is_left_out,
        train_id=None if is_left_out else train_id,
    )
    entry.close()
    return label


def _label_mapping(label: Label) -> dict[str, Any]:
    mapping: dict[str, Any] = {"id": label.id, "name": label.name, "color": list(label.color)}
    if label.category:
        mapping["category"] = label.category
    if label.ignored:
        mapping["ignored"] = True
    if label.train_id is not None:
        mapping["train_id"] = label.train_id
    return mapping


def _frozen(table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # Label sets are shared by everyone; a table that someone wrote to would be wrong for all.
    table.flags.writeable = False
    return table


def _bad(name: str, received: str, expected: str) -> ConfigError:
    return ConfigError(f"{received} for {name!r}", expected, f"correct {name!r} in the label set")
