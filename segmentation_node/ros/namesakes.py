"""Finds another node of the same name: their topics and services are then mixed up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

HELD_S = 2.0
"""Seconds for which another one must be seen: one may take over from the other."""


class Namesakes:
    """Warns once for as long as another node has the name of this one.

    Args:
        name: Full name of this node.
        warn: Logs a sentence.
        now_s: A steady clock, seconds.
    """

    def __init__(
        self,
        name: str,
        warn: Callable[[str], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._warn = warn
        self._now_s = now_s
        self._since: float | None = None
        self._is_said = False

    def look(self, nodes: Iterable[tuple[str, str]]) -> str:
        """Say what is wrong; empty where nothing is.

        Args:
            nodes: Name and namespace of each node of the ROS graph, as rclpy gives them.
        """
        count = sum(f"{space.rstrip('/')}/{name}" == self._name for name, space in nodes)
        if count < 2:
            self._since, self._is_said = None, False
            return ""
        now_s = self._now_s()
        if self._since is None:
            self._since = now_s
        if now_s - self._since < HELD_S:
            return ""
        sentence = (
            f"received {count} nodes named {self._name}; expected one, as their topics, services "
            "and parameters are mixed up; fix: stop the other, or give one another name with "
            "--ros-args -r __node:=NAME (one that was killed is still listed for some seconds)"
        )
        if not self._is_said:
            self._is_said = True
            self._warn(sentence)
        return sentence
