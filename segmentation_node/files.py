"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from segmentation_node.errors import OutputError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step, so that neither a reader nor a kill nor a power cut leaves half.

    Args:
        path: Its folder is made if need be.
        data: The bytes.

    Raises:
        OutputError: The file cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        to_disk(path.parent)
    except OSError as error:
        raise OutputError(
            received=f"{path} ({error.strerror})",
            expected="a file that can be written",
            fix="choose a folder of yours with enough space",
        ) from error


def user_cache(name: str) -> Path:
    """A folder of the package in the user's cache directory; it need not exist yet.

    Source: XDG Base Directory Specification, 0.8: a relative XDG_CACHE_HOME is ignored.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = home if home.is_absolute() else Path.home() / ".cache"
    return base / "segmentation_node" / name


def to_disk(path: Path) -> None:
    """Wait until a file is on the disk, or a folder's list of names: no new name is before.

    Raises:
        OSError: It cannot be opened or written.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
