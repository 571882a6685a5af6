"""A writer that is killed, or whose disk fills up: what stood stands, and the next one writes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from full_disk import full_disk
from small_bags import write_bag

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.writer import BagWriter
from segmentation_node.errors import OutputError

NAMES = ["drive", "drive.mcap", "drive.db3"]
FEW, MANY = 300, 3000  # kilobytes: fewer than are held back before they are written, and more

KILLED = """
import os, signal, sys
from pathlib import Path
from segmentation_node.bags.writer import BagWriter
with BagWriter(Path(sys.argv[1]), replace=True) as bag:
    topic = bag.add_topic("/count", "std_msgs/msg/Int32")
    for number in range(int(sys.argv[2])):
        bag.write(topic, number, os.urandom(1024))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def times(path: Path) -> list[int]:
    with BagReader(path) as bag:
        return [message.time_ns for message in bag.messages()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def overwrite(path: Path, messages: int) -> None:
    random = np.random.default_rng(0)
    with BagWriter(path, replace=True) as bag:
        topic = bag.add_topic("/count", "std_msgs/msg/Int32")
        for number in range(messages):
            bag.write(topic, number, random.bytes(1024))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("messages", [FEW, MANY])
def test_a_killed_writer_leaves_the_bag_that_stood_and_the_way_free(
    tmp_path: Path, name: str, messages: int
) -> None:
    old = times(write_bag(tmp_path / name))
    command = [sys.executable, "-c", KILLED, str(tmp_path / name), str(messages)]
    assert subprocess.run(command, check=False, timeout=120).returncode == -signal.SIGKILL
    assert times(tmp_path / name) == old
    overwrite(tmp_path / name, 3)
    assert times(tmp_path / name) == [0, 1, 2]
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("messages", [FEW, MANY])
def test_a_disk_that_fills_up_is_an_error_and_leaves_the_bag_that_stood_and_nothing_else(
    tmp_path: Path, name: str, messages: int
) -> None:
    old = times(write_bag(tmp_path / name))
    with full_disk(100_000), pytest.raises(OutputError, match="free space"):
        overwrite(tmp_path / name, messages)
    assert times(tmp_path / name) == old
    assert names(tmp_path) == [name]
