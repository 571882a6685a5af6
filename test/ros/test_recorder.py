from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from dds import Program
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import Int32

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.types import typestore

RECORDER = ("-m", "segmentation_node.ros.recorder")


def recorder(output: Path, domain: int, *topics: str) -> Program:
    return Program(*RECORDER, str(output), "--topics", *topics, "--events", domain_id=domain)


def recorded(folder: Path, topic: str) -> list:
    with BagReader(folder / "out.mcap") as bag:
        messages = list(bag.messages([topic]))
    return [typestore().deserialize_cdr(message.data, message.type) for message in messages]


@pytest.mark.dds
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_what_is_published_after_ready_is_recorded_in_order(
    tmp_path: Path, observer, domain_id: int, ending
) -> None:

    with recorder(tmp_path / "out.mcap", domain_id, "/count", "/image") as recording:
        counts = observer.publisher(Int32, "/count")
        images = observer.publisher(Image, "/image")
        recording.wait_for_line('"ready"')
        for number in range(20):
            counts.publish(Int32(data=number))
        images.publish(Image(height=1, width=2, step=2, encoding="mono8", data=[7, 9]))
        recording.wait_for_line('"/image": 1')
        recording.wait_for_line('"/count": 20')
        assert recording.stop(ending) == 0
    assert [message.data for message in recorded(tmp_path, "/count")] == [*range(20)]
    assert [bytes(message.data) for message in recorded(tmp_path, "/image")] == [b"\x07\x09"]
    assert json.loads(recording.matching('"finished"')[0])["counts"] == {"/count": 20, "/image": 1}


@pytest.mark.dds
def test_best_effort_publishers_are_heard_too(tmp_path: Path, observer, domain_id: int) -> None:

    with recorder(tmp_path / "out.mcap", domain_id, "/count") as recording:
        counts = observer.publisher(Int32, "/count", qos_profile_sensor_data)
        recording.wait_for_line('"ready"')
        counts.publish(Int32(data=1))
        recording.wait_for_line('"/count": 1')
        assert recording.stop() == 0


@pytest.mark.dds
def test_diagnostics_are_told_as_they_come(tmp_path: Path, observer, domain_id: int) -> None:

    status = DiagnosticStatus(name="node", level=b"\x01", message="slow")
    status.values = [KeyValue(key="skipped", value="3")]
    with recorder(tmp_path / "out.mcap", domain_id, "/diagnostics") as recording:
        publisher = observer.publisher(DiagnosticArray, "/diagnostics")
        recording.wait_for_line('"ready"')
        publisher.publish(DiagnosticArray(status=[status]))
        told = json.loads(recording.wait_for_line('"diagnostics"'))
        recording.stop()
    assert (told["name"], told["level"], told["values"]) == ("node", 1, {"skipped": "3"})


@pytest.mark.dds
def test_an_output_that_exists_ends_it_with_one_line(tmp_path: Path, domain_id: int) -> None:
    (tmp_path / "out.mcap").write_text("precious")
    with recorder(tmp_path / "out.mcap", domain_id, "/a") as recording:
        assert recording.wait() == 1
    assert "exists already" in recording.lines[-1]


BROKEN_WRITER = """
import sys
from segmentation_node.bags.writer import BagWriter
from segmentation_node.ros.recorder import main

def write(*words):
    raise ValueError("the writer is broken")

BagWriter.write = write
sys.exit(main())
"""


@pytest.mark.dds
def test_whatever_ends_the_writing_ends_the_recording(
    tmp_path: Path, observer, domain_id: int
) -> None:
    words = (str(tmp_path / "out.mcap"), "--topics", "/count", "--events")
    with Program("-c", BROKEN_WRITER, *words, domain_id=domain_id) as recording:
        counts = observer.publisher(Int32, "/count")
        recording.wait_for_line('"ready"')
        counts.publish(Int32(data=1))
        recording.wait_for_line('"/count": 1')
        assert recording.stop() == 1
    assert "the writer is broken" in recording.output
    assert not recording.matching('"finished"')
    assert list(tmp_path.iterdir()) == []
