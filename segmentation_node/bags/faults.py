"""Turns whatever goes wrong inside a bag into one clear error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segmentation_node.errors import BagError, SegmentationError

# What rosbags says of a bag that is whole and that it does not read. It has no error of its own
# for that, and newer words for it only bring the sentence about damage back.
_UNSUPPORTED = re.compile(
    "Storage plugin|Rosbag2 version|Compression format|Serialization format|Profile is not ros2"
)
# Schemas that MCAP's registry knows and rosbags does not, which fails with the bare name.
_FOREIGN_SCHEMAS = {"flatbuffer", "jsonschema", "protobuf", "ros1msg"}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Translate the faults of a bag that is being read.

    Args:
        path: The bag, for the sentence.

    Raises:
        BagError: The bag is damaged, cut short, or holds what rosbags does not read.
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
        what = _unsupported(error)
        raise (_damaged(path, error) if what is None else _foreign(path, what)) from error


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


def misnamed(path: Path) -> BagError:
    """The error for a bag whose ending is known, but for capital letters."""
    return BagError(
        received=f"{path}, whose ending {path.suffix} is not in small letters",
        expected="a bag that ends in .mcap or .db3",
        fix=f"rename it to {path.stem}{path.suffix.lower()}",
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


def _unsupported(error: Exception) -> str | None:
    """What a bag holds that rosbags does not read; None where the bag is damaged."""
    if isinstance(error, KeyError):
        name = error.args[0] if error.args else None
        return f"a topic described in {name}" if name in _FOREIGN_SCHEMAS else None
    return _said(error) if _UNSUPPORTED.match(str(error)) else None


def _foreign(path: Path, what: str) -> BagError:
    return BagError(
        received=f"{path}, a bag of another kind ({what})",
        expected="a ROS 2 bag in mcap or sqlite3, its topics described as ROS 2 does",
        fix="write its ROS 2 topics to a bag of their own, such as with mcap filter or "
        "ros2 bag convert",
    )


def _damaged(path: Path, error: Exception) -> BagError:
    return BagError(
        received=f"the damaged bag {path} ({_said(error)})",
        expected="a bag that was closed properly",
        fix="recover what is whole with: mcap recover FILE (or, for .db3, sqlite3 FILE .recover)",
    )


def _said(error: Exception) -> str:
    return str(error).strip().rstrip(".").partition("\n")[0] or type(error).__name__
