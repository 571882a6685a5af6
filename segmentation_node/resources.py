"""Finds the files that are installed beside the code: launch/, config/ and package.xml."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from segmentation_node.errors import ConfigError

PACKAGE = "segmentation_node"


def _candidates() -> Iterator[Path]:
    """Yield the places in the order of trust: beside the running code first."""
    here = Path(__file__).resolve()
    checkout = here.parents[1]
    if (checkout / "config").is_dir():
        yield checkout
    # pip and colcon both put lib/python3.x/... and share/ under one prefix, venv and Debian alike.
    for parent in here.parents:
        yield parent / "share" / PACKAGE
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix:
            yield Path(prefix) / "share" / PACKAGE
    yield Path(sys.prefix) / "share" / PACKAGE


def share_directory() -> Path:
    """Return the folder that holds launch/ and config/.

    That is the checkout itself when the package runs from its sources (also after
    ``pip install -e`` and ``colcon build --symlink-install``), else ``share/segmentation_node``
    of the prefix into which pip or colcon installed the package.

    Returns:
        An existing folder with a package.xml.

    Raises:
        ConfigError: The package was copied somewhere without its share folder.
    """
    for folder in _candidates():
        if (folder / "package.xml").is_file():
            return folder
    raise ConfigError(
        received=f"{Path(__file__).parent} with no share/{PACKAGE} in any folder above it",
        expected="launch/, config/ and package.xml installed by pip or colcon",
        fix="install the package with `pip install .` or `colcon build` instead of copying it",
    )
