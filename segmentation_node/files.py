"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from pathlib import Path

from segmentation_node.errors import OutputError


def write_whole(path: Path, data: bytes, *, at_once: bool = True) -> None:
    """Write a file in one step, so that neither a reader nor a kill nor a power cut leaves half.

    Processes that write the same file at once do not disturb each other: the last one wins.

    Args:
        path: Its folder is made if need be.
        data: The bytes.
        at_once: Whether to wait until the disk has it, which takes milliseconds; without, a power
            cut may leave an empty file.

    Raises:
        OutputError: The file cannot be written.
    """
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as file:
                file.write(data)
                if at_once:
                    file.flush()
                    os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        if at_once:
            to_disk(path.parent)
    except OSError as error:
        raise OutputError(
            received=f"{path} ({error.strerror})",
            expected="a file that can be written",
            fix="choose a folder of yours with enough space",
        ) from error


def part_of(path: Path) -> Path:
    """A name beside a file that is to be written: hidden, and no other writer's.

    Not from `tempfile`, whose files nobody else may read.
    """
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


def write_json(path: Path, content: object) -> None:
    """Write a JSON file in one step, to be read by people too.

    Args:
        path: Its folder is made if need be.
        content: Plain numbers, strings, lists and mappings.

    Raises:
        OutputError: The file cannot be written.
    """
    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())


def at_home(path: str | Path) -> Path:
    """The path with a leading `~` or `~user` replaced by that home; where it has none, unchanged.

    Then nothing lies there, which whoever reads it says in its own words. `Path.expanduser` would
    end the program instead.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111


def user_cache(name: str) -> Path:
    """A folder of the package in the user's cache directory; it need not exist yet.

    A user without a home (a container with a foreign id) has one among the temporary files.

    Source: XDG Base Directory Specification, 0.8: a relative XDG_CACHE_HOME is ignored.
    """
    named, home = Path(os.environ.get("XDG_CACHE_HOME", "")), at_home("~")
    if named.is_absolute():
        return named / "segmentation_node" / name
    if home.is_absolute():
        return home / ".cache" / "segmentation_node" / name
    return Path(tempfile.gettempdir()) / f"segmentation_node-{os.getuid()}" / name


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
