from __future__ import annotations

import os
from pathlib import Path

import pytest
from rosbags.rosbag2 import StoragePlugin
from small_bags import split_bag, write_bag

from segmentation_node.bags.fingerprint import Fingerprint
from segmentation_node.errors import BagError


def touch(path: Path) -> None:
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 10**9))


def test_a_bag_that_nobody_touched_stays_the_same(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "a.mcap")
    before = Fingerprint.of(bag)
    assert Fingerprint.of(bag.rename(tmp_path / "b.mcap")) == before
    assert before.size_bytes == (tmp_path / "b.mcap").stat().st_size


@pytest.mark.parametrize("name", ["a.mcap", "a.db3", "a"])
def test_another_recording_of_the_same_size_is_another(tmp_path: Path, name: str) -> None:
    bags = []
    for first in (0, 5):
        folder = tmp_path / str(first)
        folder.mkdir()
        bags.append(Fingerprint.of(write_bag(folder / name, first=first)))
    assert bags[0].metadata_sha256 != bags[1].metadata_sha256


def test_a_file_written_again_is_noticed(tmp_path: Path) -> None:
    bag = split_bag(tmp_path / "split", StoragePlugin.MCAP)
    before = Fingerprint.of(bag)
    newest = max(bag.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    touch(newest)
    after = Fingerprint.of(bag)
    assert after != before
    assert after.metadata_sha256 == before.metadata_sha256


def test_a_file_taken_from_a_split_bag_is_noticed(tmp_path: Path) -> None:
    bag = split_bag(tmp_path / "split", StoragePlugin.SQLITE3)
    before = Fingerprint.of(bag)
    next(bag.glob("*.db3")).unlink()
    assert Fingerprint.of(bag).metadata_sha256 != before.metadata_sha256


def test_a_folder_without_metadata_is_a_bag_error(tmp_path: Path) -> None:
    with pytest.raises(BagError):
        Fingerprint.of(tmp_path)
