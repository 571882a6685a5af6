"""What the package below the node logs with Python's own logging, said in the node's log."""

from __future__ import annotations

import logging
from typing import Any

LIBRARY = "segmentation_node"


class LibraryLog(logging.Handler):
    """Hands the library's log to a ROS logger for as long as it is open.

    A warning is said once: a model's licence notice need not be read at every configuring.

    Args:
        logger: The node's logger.
    """

    def __init__(self, logger: Any) -> None:
        super().__init__(logging.INFO)
        self._logger = logger
        self._warned: set[str] = set()
        library = logging.getLogger(LIBRARY)
        others = _nodes_logs(library)
        # Of several nodes in one process, the first found it as it was.
        self._before: tuple[int, bool] = (
            others[0]._before if others else (library.level, library.propagate)
        )
        library.setLevel(logging.INFO)
        library.propagate = False
        library.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record at the level that it has."""
        try:
            self._say(record)
        except Exception:
            # Who logs must not fail because the node's log is gone.
            self.handleError(record)

    def _say(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        # Each level has a line of its own: rclpy allows one level per line of code.
        if record.levelno < logging.WARNING:
            self._logger.info(text)
        elif record.levelno >= logging.ERROR:
            self._logger.error(text)
        elif text not in self._warned:
            self._warned.add(text)
            self._logger.warning(text)

    def close(self) -> None:
        """Leave the library's log as it was, unless another node in this process has it still."""
        library = logging.getLogger(LIBRARY)
        if self in library.handlers:
            library.removeHandler(self)
            if not _nodes_logs(library):
                level, library.propagate = self._before
                library.setLevel(level)
        super().close()


def _nodes_logs(library: logging.Logger) -> list[LibraryLog]:
    return [one for one in library.handlers if isinstance(one, LibraryLog)]
