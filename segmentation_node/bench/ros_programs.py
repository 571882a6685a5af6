"""Programs of `ros/` as processes of a measurement: what they say, and that they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from segmentation_node.errors import TransportError
from segmentation_node.transport import environment


class RosProgram:
    """A program of `ros/` as a process.

    Args:
        name: The module.
        process: The process; its events are on its standard output.
    """

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self._name, self._process = name, process

    def event(self, wanted: str) -> dict[str, Any]:
        """Wait for an event.

        Args:
            wanted: Its name.

        Raises:
            TransportError: The program ended without it.
        """
        for line in self._process.stdout or ():
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("event") == wanted:
                return dict(said)
        raise TransportError(
            received=f"the end of {self._name} before it said {wanted!r}",
            expected="a program that runs until it is told to end",
            fix="read above what it printed",
        )

    def end(self, wanted: str) -> dict[str, Any]:
        """Tell it to end; give the event that it says at last."""
        self._process.send_signal(signal.SIGINT)
        return self.event(wanted)


@contextmanager
def running(name: str, words: Sequence[str], domain_id: int) -> Iterator[RosProgram]:
    """Run a program of `ros/` for as long as the block.

    Args:
        name: The module, such as `node`.
        words: Its command line.
        domain_id: Its ROS domain.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", f"segmentation_node.ros.{name}", *words],
        env={**os.environ, **environment(), "ROS_DOMAIN_ID": str(domain_id)},
        # The node says nothing there that is waited for, and a full pipe would hold it up.
        stdout=None if name == "node" else subprocess.PIPE,
        text=True,
    )
    try:
        yield RosProgram(name, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()
