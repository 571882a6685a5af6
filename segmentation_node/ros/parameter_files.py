"""Parameter files as rcl reads them: why one is refused, and which hold nothing for a node.

rcl names a line of its own source for the first, and says nothing at all of the second.
Source: rcl_yaml_param_parser (parse.c), and "Parameter overrides with wildcards" of ROS 2 Humble.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from segmentation_node.errors import ConfigError
from segmentation_node.fields import read_yaml

_OPTION, _KEY = "--params-file", "ros__parameters"


def parameter_files(arguments: Sequence[str]) -> tuple[Path, ...]:
    """The parameter files that a command line names.

    Args:
        arguments: Its words.
    """
    return tuple(Path(file) for option, file in pairwise(arguments) if option == _OPTION)


def node_names(file: Path) -> tuple[str, ...]:
    """The nodes that a parameter file is for, as written there, such as `/**` or `car/camera`.

    Raises:
        ConfigError: It is no YAML, or holds nothing in the form that ROS reads.
    """
    found = tuple(_names(read_yaml(file)))
    if not found:
        raise ConfigError(
            received=f"{file} without {_KEY}",
            expected=f"the name of a node (/** for any), below it {_KEY}, below that parameters",
            fix="begin with the two lines /**: and, indented, ros__parameters:",
        )
    return found


def check_parameter_file(file: Path, node: str) -> None:
    """Check that a parameter file has something for a node.

    Args:
        file: The parameter file.
        node: The node's name with its namespace, such as `/segmentation_node`.

    Raises:
        ConfigError: It has not, is no YAML, or holds nothing in the form that ROS reads.
    """
    names = node_names(file)
    if not any(_fits(name, node) for name in names):
        raise ConfigError(
            received=f"{file}, which has parameters for {', '.join(names)} and none for this node",
            expected=f"{node} at its top, or /** for a node of any name",
            fix="correct the name at its top, and start the node again",
        )


def _names(content: Any, above: str = "") -> Iterator[str]:
    for key, below in content.items() if isinstance(content, dict) else ():
        if key == _KEY:
            yield above
        else:
            yield from _names(below, f"{above}/{key}" if above else str(key))


def _fits(name: str, node: str) -> bool:
    """Whether a name in a file, `*` for one word of it and `**` for any number, is a node's."""
    forms = {"**": "(/[^/]+)*", "*": "/[^/]+"}
    parts = [forms.get(part, "/" + re.escape(part)) for part in name.strip("/").split("/")]
    return re.fullmatch("".join(parts), node) is not None
