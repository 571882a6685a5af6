"""Colours of classes other than those of their label set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from segmentation_node.core.label_set import Label, LabelSet
from segmentation_node.errors import ConfigError
from segmentation_node.fields import Fields, read_yaml
from segmentation_node.files import at_home

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours by the names of classes; a class that is not named keeps its own.

    Args:
        name: What to call it in errors, such as the file's name.
        colors: (3,) int RGB, 0..255, for each name.
    """

    name: str
    colors: Mapping[str, Color]

    def recolored(self, labels: LabelSet) -> LabelSet:
        """The same labels in these colours.

        Args:
            labels: What label images hold.

        Raises:
            ConfigError: A colour is for a class that is not among them.
        """
        names = [label.name for label in labels.labels]
        unknown = [name for name in self.colors if name not in names]
        if unknown:
            raise ConfigError(
                received=f"colours in {self.name} for {', '.join(unknown)}",
                expected=f"classes of {labels.name}: {', '.join(names)}",
                fix="correct the names, or leave them out",
            )
        return replace(labels, labels=tuple(self._recolored(label) for label in labels.labels))

    def _recolored(self, label: Label) -> Label:
        return replace(label, color=self.colors.get(label.name, label.color))


def load_palette(path: str | Path) -> Palette:
    """Read a palette from a YAML file: a mapping of class names to `[red, green, blue]`.

    Raises:
        ConfigError: The file is missing or faulty; the message says where.
    """
    file = at_home(path)
    fields = Fields(read_yaml(file), file.name)
    return Palette(file.name, {name: _color(fields, name) for name in fields.names()})


def _color(fields: Fields, name: str) -> Color:
    red, green, blue = fields.integers(name, 3, 0, 255)
    return red, green, blue
