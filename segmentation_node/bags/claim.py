"""The hidden folder beside a bag's place that one process at a time writes the bag in."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from segmentation_node.errors import OutputError

_LOCK = "lock"


class Claim:
    """A folder `.NAME.partial` of this process's own, emptied of what a killed one left there.

    The lock in it belongs to the open file, so the kernel lets go of it when its process ends,
    however it ends.

    Args:
        place: Where the bag will stand.

    Raises:
        OutputError: Another process is writing this bag.
        OSError: The folder cannot be made.
    """

    def __init__(self, place: Path) -> None:
        self.folder = place.with_name(f".{place.name}.partial")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._lock(place)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._clear()

    def give_up(self) -> None:
        """Remove the folder with all that is in it."""
        # Removed while it is still held, or the next owner's folder would go.
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._descriptor)

    def _lock(self, place: Path) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _taken(place) from error
        except OSError:
            # Some network drives know no locks; that should not keep anybody from writing there.
            return
        # Its last holder may have removed the file between the two calls: then this lock is on a
        # file that nobody else will find.
        if not os.fstat(self._descriptor).st_nlink:
            raise _taken(place)

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()


def _taken(place: Path) -> OutputError:
    return OutputError(
        received=f"{place}, which another process is writing",
        expected="one process at a time for each bag",
        fix="wait until it is done, or choose another name",
    )
