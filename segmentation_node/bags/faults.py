"""Turns whatever goes wrong inside a bag into one clear error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segmentation_node.errors import BagError, SegmentationError

# What rosbags says of a bag that is whole and that it does not read. It has no error of its own
# for that, and newer words for it only bring the sentence about damage back.
_UNSUPPORTED = re.compile(
    "Storage plugin|Rosbag2 version|Compression format|Serialization format|Profile is not ros2"
)
_MISSING_PARTS = re.compile(r"database files are missing: \[\w*\(?'([^']*)'")
# Schemas that MCAP's registry knows and rosbags does not, which fails with the bare name.
_FOREIGN_SCHEMAS = {"flatbuffer", "jsonschema", "protobuf", "ros1msg"}


class WrongCountError(Exception):
    """A bag that is whole in itself, and holds fewer messages than it says."""


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


def other_form(path: Path) -> tuple[str, str] | None:
    """What a path holds that becomes a bag by one command, and that command.

    Args:
        path: A file, or a folder without metadata.yaml.

    Returns:
        What it is and how it is converted, in words; None where it is nothing of the kind.
    """
    suffix = path.suffix.lower()
    if suffix == ".bag":
        return "a bag of ROS 1", f"rosbags-convert --src {path} --dst {path.with_suffix('')}"
    if suffix in {".zstd", ".zst"}:
        return "a compressed file", f"zstd -d {path}"
    # A folder that one may not look into is told as that by who reads it.
    with suppress(OSError):
        for file in sorted(path.iterdir()) if path.is_dir() else ():
            if file.is_file() and file.suffix.lower() in {".bag", ".zstd", ".zst"}:
                inner = other_form(file)
                return inner and (f"a folder that holds {inner[0]}, {file.name}", inner[1])
    return None


def missing(path: Path) -> BagError:
    """The error for a path that holds no bag at all."""
    expected = "a bag: a folder with metadata.yaml, or a single .mcap or .db3 file"
    if not path.exists():
        return BagError(f"{path}, which does not exist", expected, "check the path")
    form = other_form(path)
    if form is not None:
        return BagError(f"{path}, {form[0]}", expected, f"run: {form[1]}")
    if path.is_dir():
        inside = [one for one in sorted(path.iterdir()) if one.suffix in {".mcap", ".db3"}]
        return BagError(
            received=f"the folder {path} without a metadata.yaml",
            expected=expected,
            fix=f"give {inside[0]} itself, or run: ros2 bag reindex {path}"
            if inside
            else "give the folder that holds the bag",
        )
    return BagError(f"{path}", expected, "give a bag")


def misnamed(path: Path) -> BagError:
    """The error for a bag whose ending is known, but for capital letters."""
    return BagError(
        received=f"{path}, whose ending {path.suffix} is not in small letters",
        expected="a bag that ends in .mcap or .db3",
        fix=f"rename it to {path.stem}{path.suffix.lower()}",
    )


def incomplete(path: Path, found: int, expected: int) -> BagError:
    """The error for a bag that holds fewer messages than it says."""
    return _damaged(path, WrongCountError(f"{found} messages instead of the {expected}"))


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
    fix = (
        "write its ROS 2 topics to a bag of their own, such as with mcap filter or ros2 bag convert"
    )
    if "Storage plugin ''" in what:
        # `ros2 bag reindex` of some releases leaves it empty: ros2/rosbag2#2175.
        storage = "mcap" if any(path.glob("*.mcap")) else "sqlite3"
        fix = f"write storage_identifier: {storage} into {path / 'metadata.yaml'}"
    elif what.startswith("Rosbag2 version"):
        fix = f"make its metadata anew by the ROS 2 that is here: ros2 bag reindex {path}"
    return BagError(
        received=f"{path}, a bag of another kind ({what})",
        expected="a ROS 2 bag in mcap or sqlite3, its topics described as ROS 2 does",
        fix=fix,
    )


def _damaged(path: Path, error: Exception) -> BagError:
    said = _said(error)
    parts = _MISSING_PARTS.search(said)
    if parts is not None:
        return BagError(
            received=f"{path} without its part {parts[1]}",
            expected="all files that its metadata.yaml names",
            fix=f"copy that part as well, or do without it: ros2 bag reindex {path}",
        )
    if isinstance(error, WrongCountError) and path.is_dir():
        return BagError(
            received=f"{path} with {said} that its metadata.yaml counts",
            expected="a bag that was closed properly",
            fix=f"make its metadata anew: ros2 bag reindex {path}",
        )
    file = next((one for one in _files(path) if one.suffix in {".mcap", ".db3"}), path)
    whole = file.with_name(f"{file.stem}_whole{file.suffix}")
    recover = f"mcap recover {file} -o {whole}"
    if file.suffix == ".db3":
        recover = f"sqlite3 {file} .recover | sqlite3 {whole}"
    return BagError(
        received=f"the damaged bag {path} ({said})",
        expected="a bag that was closed properly",
        fix=f"recover what is whole: {recover}",
    )


def _files(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else [path]


def _said(error: Exception) -> str:
    return str(error).strip().rstrip(".").partition("\n")[0] or type(error).__name__
