"""What measurements leave behind: folders, charts where matplotlib is, and networks."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from segmentation_node.errors import OutputError
from segmentation_node.installing import pip_install

Draw = Callable[[Path, Mapping[str, Any]], None]


def drawing(module: str, name: str) -> Draw:
    """A function that draws figures; they alone need no matplotlib, which is an extra.

    Args:
        module: The module that imports matplotlib.
        name: Its function.

    Raises:
        OutputError: matplotlib is missing.
    """
    try:
        found: Draw = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise OutputError(
            received=f"no matplotlib ({error})",
            expected="the packages that charts are drawn with",
            fix=f"run: {pip_install('matplotlib')}, or leave -o away and give --json",
        ) from error
    return found


def make_folder(folder: Path, option: str) -> None:
    """Make a folder, before anything is measured that is to go there.

    Args:
        folder: It may be there already.
        option: Names it on the command line.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass  # one that is there already may be another user's
    except OSError as error:
        raise OutputError(
            received=f"{folder} ({error.strerror})",
            expected="a folder that can be written to",
            fix=f"give {option} a folder of yours",
        ) from error


@contextmanager
def networks_folder(output: Path | None) -> Iterator[Path]:
    """Where networks go: beside the figures, to be used again, or nowhere for long.

    Args:
        output: Folder of the figures, which is made now: after an hour of measuring is too late
            to find that it cannot be. None for a folder that is gone at the end.

    Raises:
        OutputError: The folder cannot be made.
    """
    if output is None:
        with TemporaryDirectory(prefix="segmentation-networks-") as folder:
            yield Path(folder)
        return
    make_folder(output, "--output")
    yield output / "networks"
