"""Program: shows a running node in a browser, from a process of its own.

python -m segmentation_node.ros.viewer --node /segmentation_node [--camera NAME] [--port 8470]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from segmentation_node.ros.events import Events
from segmentation_node.ros.program import run_program
from segmentation_node.view.library import require_server_library
from segmentation_node.view.settings import ViewSettings


def parse(arguments: Sequence[str] | None = None) -> tuple[ViewSettings, bool]:
    """Read the command line.

    Args:
        arguments: The words after the program's name; those of this process when None.

    Returns:
        What to show, and whether to print events for the process that started this one.

    Raises:
        ConfigError: A value is out of range.
    """
    parser = argparse.ArgumentParser("viewer", description="Shows a running node in a browser.")
    defaults = ViewSettings()
    parser.add_argument("--node", default=defaults.node)
    parser.add_argument("--camera", default=defaults.camera)
    parser.add_argument("--host", default=defaults.host)
    parser.add_argument("--port", type=int, default=defaults.port)
    parser.add_argument("--names", nargs="*", default=[])
    parser.add_argument("--rate-hz", type=float, default=defaults.rate_hz)
    parser.add_argument("--quality", type=int, default=defaults.quality)
    parser.add_argument("--compressed", action="store_true")
    parser.add_argument("--events", action="store_true")
    given = vars(parser.parse_args(arguments))
    events, names = given.pop("events"), tuple(given.pop("names"))
    node = "/" + given.pop("node").lstrip("/")
    return ViewSettings(node=node, names=names, **given), events


def main() -> int:
    """Run the program; give its exit status."""
    return run_program(_show)


def _show() -> None:
    settings, has_reader = parse()
    require_server_library()
    from segmentation_node.ros.view_source import NodeSource  # noqa: PLC0415 - takes a second
    from segmentation_node.view.server import serve  # noqa: PLC0415

    events = Events(has_reader)
    serve(settings, NodeSource(settings), lambda address: events.emit("ready", address=address))


if __name__ == "__main__":
    sys.exit(main())
