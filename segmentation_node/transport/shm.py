"""Looks at /dev/shm: how much room there is, and which Fast DDS files lie in it.

A participant keeps one segment for what it sends and one small port for each address it listens
on. Beside each lies a lock file (``_el`` exclusive, ``_sl`` shared) that its owner holds with
``flock`` for as long as it lives. A killed process leaves the files but not the lock: that is how
a file that nobody uses is told from one in use. Fast DDS takes up abandoned ports again by itself,
but segments have random names, so those of killed processes stay until somebody removes them.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("/dev/shm")
# Fast DDS 2 (Humble, Jazzy) writes fastrtps_*, Fast DDS 3 (Kilted) fastdds_*.
_NAME = re.compile(r"(fastrtps|fastdds)_(?:[0-9a-f]{16}|port\d{1,5})")
_LOCKS = ("_el", "_sl")
# A segment has no lock for the milliseconds in which Fast DDS tries out the allocator.
_LOCKLESS_SECONDS = 10.0


@dataclass(frozen=True)
class Room:
    """The shared memory of this machine or container.

    Attributes:
        total_bytes: Size of the file system behind /dev/shm.
        free_bytes: What this user may still take of it.
    """

    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class Segment:
    """One shared-memory file of Fast DDS and what belongs to it.

    Attributes:
        path: The file with the data.
        size_bytes: Its size, all of which is taken from /dev/shm.
        uid: The user who owns it.
        in_use: Whether a living process holds its lock.
    """

    path: Path
    size_bytes: int
    uid: int
    in_use: bool

    @property
    def is_port(self) -> bool:
        """Whether this is a mailbox, which Fast DDS takes up again by itself."""
        return "_port" in self.path.name

    @property
    def files(self) -> tuple[Path, ...]:
        """The data, its locks and its mutex, whether they exist or not."""
        locks = tuple(self.path.with_name(self.path.name + end) for end in _LOCKS)
        return (self.path, self.path.with_name(f"sem.{self.path.name}_mutex"), *locks)


def room(folder: Path = FOLDER) -> Room | None:
    """Measure the shared memory.

    Args:
        folder: Where it is mounted.

    Returns:
        None where there is none, or none that this user may write to.
    """
    try:
        stat = os.statvfs(folder)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return None
    return Room(stat.f_blocks * stat.f_frsize, stat.f_bavail * stat.f_frsize)


@contextmanager
def _taken(lock: Path) -> Iterator[bool]:
    """Hold a lock for a moment, if nobody else does; what cannot be opened counts as held."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError as error:
        yield isinstance(error, FileNotFoundError)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except OSError:
        free = False
    try:
        yield free
    finally:
        os.close(descriptor)


@contextmanager
def _abandoned(path: Path) -> Iterator[bool]:
    """Say whether nobody owns a segment, and keep it so until the caller is done."""
    locks = [lock for end in _LOCKS if (lock := path.with_name(path.name + end)).exists()]
    if not locks:
        yield time.time() - path.stat().st_mtime > _LOCKLESS_SECONDS
        return
    with ExitStack() as held:
        yield all(held.enter_context(_taken(lock)) for lock in locks)


def _look_at(path: Path) -> Segment:
    stat = path.stat()
    with _abandoned(path) as abandoned:
        return Segment(path, stat.st_size, stat.st_uid, not abandoned)


def segments(folder: Path = FOLDER) -> list[Segment]:
    """List the shared-memory files of Fast DDS.

    Args:
        folder: Where shared memory is mounted.
    """
    found = []
    for path in sorted(folder.glob("fast*_*")):
        if _NAME.fullmatch(path.name):
            try:
                found.append(_look_at(path))
            except FileNotFoundError:  # its owner ended between the listing and the look
                continue
    return found


def remove_stale(found: Iterable[Segment]) -> list[Segment]:
    """Remove what killed processes of this user left behind.

    Each is removed with its lock held, so that no process can take it up in between. A process
    that still has such a file mapped keeps its memory: only the name goes.

    Args:
        found: The segments to choose from; those in use and those of other users stay.

    Returns:
        Those that were removed.
    """
    mine = [segment for segment in found if not segment.in_use and segment.uid == os.getuid()]
    return [segment for segment in mine if _remove(segment)]


def _remove(segment: Segment) -> bool:
    if not segment.path.exists():
        return False
    with _abandoned(segment.path) as abandoned:
        if abandoned:
            for file in segment.files:
                file.unlink(missing_ok=True)
        return abandoned
