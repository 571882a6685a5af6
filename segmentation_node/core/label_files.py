"""Label sets from YAML files."""

from __future__ import annotations

from pathlib import Path

import yaml

from segmentation_node.core.label_set import LabelSet
from segmentation_node.errors import ConfigError


def read_label_set(path: Path) -> LabelSet:
    """Read a label set from a YAML file.

    Args:
        path: The file, in the form of `LabelSet.to_mapping`.

    Raises:
        ConfigError: The file cannot be read, is no YAML, or describes no valid set.
    """
    try:
        mapping = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            received=f"{path}, which cannot be read ({' '.join(str(error).split())})",
            expected="a YAML file with name and classes",
            fix="check the path and the file",
        ) from error
    return LabelSet.from_mapping(mapping, where=path.name)
