"""A recorder that is killed while it writes, or whose disk fills up: what is left, and then."""

from __future__ import annotations

import signal
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dds import Observer, Program, wait_until
from sensor_msgs.msg import Image

from segmentation_node.bags.reader import BagReader

pytestmark = pytest.mark.dds

RECORDER = ("-m", "segmentation_node.ros.recorder")
LIMITED = (str(Path(__file__).with_name("limited_recorder.py")),)
SIDE = 256
# 2.5 MiB, which do not shrink: more than the recorder is given memory for. As deep is the queue
# of those who publish them, for DDS keeps no more of what the recorder had no time to take.
IMAGES = 40


def recorder(
    words: tuple[str, ...], output: Path, domain_id: int, topic: str = "/image"
) -> Program:
    options = ("--topics", topic, "--events", "--hold-mib", "1")
    return Program(*words, str(output), *options, domain_id=domain_id)


def publish(publisher: Any, count: int) -> None:
    random = np.random.default_rng(0)
    for _ in range(count):
        data = array("B", random.bytes(SIDE * SIDE))
        publisher.publish(Image(height=SIDE, width=SIDE, step=SIDE, encoding="mono8", data=data))


def test_a_recorder_killed_while_it_writes_leaves_no_half_bag_and_the_next_one_records(
    domain_id: int, observer: Observer, tmp_path: Path
) -> None:
    output, half = tmp_path / "out.mcap", tmp_path / ".out.mcap.partial" / "out" / "out.mcap"
    with recorder(RECORDER, output, domain_id) as first:
        images = observer.publisher(Image, "/image", qos=IMAGES)
        first.wait_for_line('"ready"')
        publish(images, IMAGES)
        wait_until(lambda: half.stat().st_size > 10_000, "bytes on the disk")
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    assert not output.exists()
    # On a topic of its own: on the first one's, DDS counts the killed recorder as a listener for
    # some seconds more, and nobody could tell when the second has been found.
    with recorder(RECORDER, output, domain_id, "/again") as second:
        images = observer.publisher(Image, "/again")
        second.wait_for_line('"ready"')
        publish(images, 3)
        second.wait_for_line('"/again": 3')
        assert second.stop() == 0
    with BagReader(output) as bag:
        assert len(list(bag.messages(["/again"]))) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["out.mcap"]


def test_a_disk_that_fills_up_ends_a_recording_with_one_line_and_leaves_nothing(
    domain_id: int, observer: Observer, tmp_path: Path
) -> None:
    with recorder(LIMITED, tmp_path / "out.mcap", domain_id) as recording:
        images = observer.publisher(Image, "/image", qos=IMAGES)
        recording.wait_for_line('"ready"')
        publish(images, IMAGES)
        assert recording.wait() == 1
    assert "free space" in recording.lines[-1]
    assert "Traceback" not in recording.output
    assert list(tmp_path.iterdir()) == []
