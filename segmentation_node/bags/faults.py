"""Turns whatever goes wrong inside a bag into one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segmentation_node.errors import BagError, SegmentationError


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Translate the faults of a bag that is being read.

    Args:
        path: The bag, for the sentence.

    Raises:
        BagError: The bag is damaged or cut short.
    """
    try:
        yield
    except (SegmentationError, GeneratorExit):
        raise
    except PermissionError as error:
        raise _unreadable(path, error) from error
    # A damaged file surfaces as whatever the parser stumbled over: struct, zstd, SQLite, YAML, or
    # an index out of range. All of them mean the same to the user.
    except Exception as error:
        raise _damaged(path, error) from error


def missing(path: Path) -> BagError:
    """The error for a path that holds no bag at all."""
    if path.is_dir():
        return BagError(
            received=f"the folder {path} without a metadata.yaml",
            expected="a bag: a folder with metadata.yaml, or a single .mcap or .db3 file",
            fix="give the .mcap or .db3 file itself, or run: ros2 bag reindex FOLDER",
        )
    return BagError(
        received=f"{path}" + ("" if path.exists() else ", which does not exist"),
        expected="a bag: a folder with metadata.yaml, or a single .mcap or .db3 file",
        fix="check the path",
    )


def incomplete(path: Path, found: int, expected: int) -> BagError:
    """The error for a bag that holds fewer messages than it says."""
    return _damaged(path, EOFError(f"{found} messages instead of {expected}"))


def _unreadable(path: Path, error: OSError) -> BagError:
    return BagError(
        received=f"{path} ({error.strerror})",
        expected="a bag that can be read",
        fix="check the permissions of the file and its folder",
    )


def _damaged(path: Path, error: Exception) -> BagError:
    said = str(error).strip().rstrip(".").partition("\n")[0] or type(error).__name__
    return BagError(
        received=f"the damaged bag {path} ({said})",
        expected="a bag that was closed properly",
        fix="recover what is whole with: mcap recover FILE (or, for .db3, sqlite3 FILE .recover)",
    )
