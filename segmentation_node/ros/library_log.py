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
        library.setLevel(logging.INFO)
        library.propagate = False
        library.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record at the level that it has."""
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
        """Leave the library's log as it was."""
        library = logging.getLogger(LIBRARY)
        library.removeHandler(self)
        library.propagate = True
        super().close()
