"""Tells whether a bag is still the one that it was, without reading terabytes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from segmentation_node.bags import faults

_METADATA = "metadata.yaml"
_END_BYTES = 65536
"""Of a file's beginning and end: SQLite's header, and MCAP's summary with times and counts."""


@dataclass(frozen=True)
class Fingerprint:
    """What is compared of a bag.

    Args:
        size_bytes: Of all its files.
        modified_ns: When the newest of them was written, ns since the epoch.
        metadata_sha256: Over what the bag says of itself: names and sizes of its files, and its
            metadata.yaml or, of a single file, its beginning and end.
    """

    size_bytes: int
    modified_ns: int
    metadata_sha256: str

    @classmethod
    def of(cls, bag: Path) -> Fingerprint:
        """Look at a bag.

        Args:
            bag: A folder with metadata.yaml, or a .mcap or .db3 file.

        Raises:
            BagError: It cannot be read.
        """
        with faults.reading(bag):
            files = sorted(p for p in bag.iterdir() if p.is_file()) if bag.is_dir() else [bag]
            facts = [path.stat() for path in files]
            found = hashlib.sha256()
            for path, fact in zip(files, facts, strict=True):
                # A single file may be given another name; the files of a folder are known by it.
                found.update(f"{path.name if bag.is_dir() else ''} {fact.st_size}\n".encode())
            found.update((bag / _METADATA).read_bytes() if bag.is_dir() else _ends(bag))
        newest = max(fact.st_mtime_ns for fact in facts)
        return cls(sum(fact.st_size for fact in facts), newest, found.hexdigest())

    def to_mapping(self) -> dict[str, int | str]:
        """The fingerprint by the names of its parts, for JSON."""
        return asdict(self)


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        begin = file.read(_END_BYTES)
        size = path.stat().st_size
        file.seek(max(len(begin), size - _END_BYTES))
        return begin + file.read()
