"""Lets one process at a time build an engine; the others wait and then find it built.

The lock belongs to the open file, so the kernel lets go of it when its process ends, however it
ends: a file that it leaves behind locks nobody out.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from segmentation_node.errors import EngineError

_POLL_S = 0.1


@contextmanager
def locked(
    path: Path,
    on_wait: Callable[[str], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold a lock as long as the block runs.

    Args:
        path: The lock's file; it is there while someone holds it.
        on_wait: Told once, in one sentence, who holds the lock.
        is_cancelled: Asked while waiting.

    Raises:
        OSError: The file cannot be made or locked.
        EngineError: The wait was cancelled.
    """
    descriptor = _try(path)
    if descriptor is None:
        on_wait(f"waiting for process {_holder(path)}, which is building this engine")
        descriptor = _wait(path, is_cancelled)
    try:
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        # Removed while it is still held: see `_try`.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _wait(path: Path, is_cancelled: Callable[[], bool]) -> int:
    # Polled, since a wait inside flock could only be ended by a signal to this very thread.
    while (descriptor := _try(path)) is None:
        if is_cancelled():
            raise EngineError(
                received="a request to stop while another process builds the engine",
                expected="the engine",
                fix="ask again: it will be there once the other process is done",
            )
        time.sleep(_POLL_S)
    return descriptor


def _try(path: Path) -> int | None:
    """Take the lock if it is free; gives the open file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Its last holder may have removed the file between the two calls: then this lock is on a
        # file that nobody else will find.
        if path.stat().st_ino == os.fstat(descriptor).st_ino:
            os.ftruncate(descriptor, 0)
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii") or "(unknown)"
    except (OSError, UnicodeDecodeError):
        return "(just ending)"
