"""What TensorRT says: its calls give None, and the reason goes to the logger.

The logger of a process is the one that the first builder or runtime was given, for ever after, so
there is one. Errors are collected here and not by an IErrorRecorder, which crashes TensorRT for
RTX 1.7.1 when a builder ends.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from functools import cache
from typing import Any

from segmentation_node.engines.tensorrt_flavour import TensorRt

_log = logging.getLogger("segmentation_node.tensorrt")

_ERROR, _WARNING = 1, 2
"""Numbers of ILogger.Severity; 0 is an internal error, 3 and 4 say what is going on."""

_KEPT = 8
_PLACE = re.compile(
    r"""\s*\(?\s*In\ \S+\ at\ /\S+:\d+\)?   # (In validate at /_src/optimizer/network.cpp:4046)
    | \[\S+\.cpp::\S+\]\s*                # [checkMacros.cpp::catchCudaError::250]
    | \S+\.(cpp|hpp|h):\d+:?\s*            # ModelImporter.cpp:140:""",
    re.VERBOSE,
)
"""Where in TensorRT's sources something was said."""


class MessageLog:
    """Passes warnings on to Python's logging, each once a build, and keeps the last errors."""

    def __init__(self) -> None:
        self._errors: deque[str] = deque(maxlen=_KEPT)
        self._warnings: set[str] = set()
        self._lock = threading.Lock()

    def add(self, severity: int, text: str) -> None:
        """Take a message; TensorRT calls this from any of its threads."""
        line = " ".join(text.split())
        with self._lock:
            is_new = severity == _WARNING and line not in self._warnings
            if severity <= _ERROR:
                self._errors.append(line)
            elif is_new:
                self._warnings.add(line)
        # Errors end up in the sentence of an exception; as they come they are for the curious, as
        # is a warning that comes again for every layer.
        _log.log(logging.WARNING if is_new else logging.DEBUG, "%s", line)

    def clear(self) -> None:
        """Forget what was said of a build before."""
        with self._lock:
            self._errors.clear()
            self._warnings.clear()

    def last_errors(self, count: int = 2) -> str:
        """The newest errors in one line, without their places in TensorRT's sources."""
        with self._lock:
            lines = [_PLACE.sub("", line).strip() for line in self._errors]
        return "; ".join(list(dict.fromkeys(lines))[-count:]) or "it said nothing"


MESSAGES = MessageLog()


@cache
def process_logger(runtime: str, base: Any) -> Any:
    """Make the logger of this process; `base` is the flavour's ILogger.

    Args:
        runtime: The flavour's name: each flavour is a library of its own, with a logger of its own.
        base: The class to derive from.
    """
    return type("ProcessLogger", (base,), {"log": _take})()


def logger_of(tensorrt: TensorRt) -> Any:
    """The logger to give to a builder, parser or runtime."""
    return process_logger(tensorrt.flavour.name, tensorrt.api.ILogger)


def _take(_: object, severity: object, text: str) -> None:
    MESSAGES.add(int(severity), text)  # type: ignore[call-overload]
