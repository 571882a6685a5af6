"""Whether the server library is installed, asked before it is imported."""

from __future__ import annotations

import importlib.util

from segmentation_node.errors import ConfigError
from segmentation_node.installing import pip_install


def require_server_library() -> None:
    """Check that aiohttp can be imported.

    Raises:
        ConfigError: It is not installed.
    """
    if importlib.util.find_spec("aiohttp") is None:
        raise ConfigError(
            received="no aiohttp in this Python",
            expected="the library that serves the page",
            fix=f"apt install python3-aiohttp, or run: {pip_install('aiohttp')}",
        )
