"""Programs of `ros/` as processes of a measurement: what they say, and that they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil

from segmentation_node.errors import TransportError
from segmentation_node.transport import environment

END_S = 60.0
"""Seconds after which a program that was told to end is taken to hang, and is killed."""

# Other machines have no part in a measurement, and would hear its images.
_ALONE = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}


class RosProgram:
    """A program that tells events on its standard output, as a process.

    Args:
        name: The module.
        process: The process; its events are on its standard output.
    """

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self._name, self._process = name, process

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def event(self, wanted: str, within_s: float = threading.TIMEOUT_MAX) -> dict[str, Any]:
        """Wait for an event.

        Args:
            wanted: Its name.
            within_s: Seconds after which the program is taken to hang, and ended.

        Raises:
            TransportError: The program ended without it.
        """
        watchdog = threading.Timer(within_s, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            for line in self._process.stdout or ():
                said = json.loads(line) if line.startswith("{") else {}
                if said.get("event") == wanted:
                    return dict(said)
        finally:
            watchdog.cancel()
        raise TransportError(
            received=f"the end of {self._name} before it said {wanted!r}",
            expected="a program that runs until it is told to end",
            fix="read above what it printed",
        )

    def end(self, wanted: str) -> dict[str, Any]:
        """Tell it to end; give the event that it says at last.

        Raises:
            TransportError: It ended without it, or did not end within `END_S`.
        """
        self._process.send_signal(signal.SIGINT)
        return self.event(wanted, END_S)

    def cpu_s(self) -> float:
        """Seconds of processor time that it has used so far."""
        used = psutil.Process(self.pid).cpu_times()
        return float(used.user + used.system)


@contextmanager
def running(name: str, words: Sequence[str], domain_id: int) -> Iterator[RosProgram]:
    """Run a program for as long as the block.

    Args:
        name: `node`, a module of `benchmarks/ros/`, or any other by its full name.
        words: Its command line.
        domain_id: Its ROS domain.
    """
    package = "segmentation_node" if name == "node" else "benchmarks"
    module = name if "." in name else f"{package}.ros.{name}"
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        env={**_ALONE, **os.environ, **environment(), "ROS_DOMAIN_ID": str(domain_id)},
        # The node says nothing there that is waited for, and a full pipe would hold it up.
        stdout=None if name == "node" else subprocess.PIPE,
        text=True,
    )
    try:
        yield RosProgram(name, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
