from __future__ import annotations

import json
from array import array
from pathlib import Path

import numpy as np
import pytest
from dds import Program
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from small_bags import PERIOD_NS, START_NS, picture, write_bag
from std_msgs.msg import Int32

from segmentation_node.bags.types import typestore
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.errors import ConfigError
from segmentation_node.media.codec import encode_png
from segmentation_node.ros import play_report
from segmentation_node.ros.play_options import parse
from segmentation_node.ros.play_report import PlayReport

PLAYER = ("-m", "segmentation_node.ros.player")
WAIT = ("--wait", "30")


def stamp_ns(message) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def play(bag: Path, domain: int, *options: str) -> Program:
    return Program(*PLAYER, str(bag), *WAIT, *options, domain_id=domain)


@pytest.mark.dds
def test_topics_arrive_as_they_were_recorded(tmp_path: Path, observer, domain_id: int) -> None:

    with play(write_bag(tmp_path / "a.mcap"), domain_id, "--rate", "10") as player:
        # The image last: the player begins when that one is subscribed to.
        counts = observer.collect(Int32, "/count")
        images = observer.collect(CompressedImage, "/camera/image_raw/compressed")
        assert [stamp_ns(m) for m in images.wait(3)] == [START_NS + i * PERIOD_NS for i in range(3)]
        assert player.wait() == 0
    assert [message.data for message in counts.messages] == [0, 1, 2]
    assert "left out /tf: no package for tf2_msgs/msg/TFMessage" in player.output


@pytest.mark.dds
def test_decoded_images_are_raw_and_stamped_when_they_go_out(
    tmp_path: Path, observer, domain_id: int
) -> None:

    report = tmp_path / "report.json"
    topic = "/camera/image_raw/compressed"
    options = ("--topics", topic, "--decode", "--restamp", "--report", str(report))
    with play(write_bag(tmp_path / "a.db3"), domain_id, *options) as player:
        images = observer.collect(Image, "/camera/image_raw").wait(3)
        assert player.wait() == 0
    rows = json.loads(report.read_text())["rows"]
    assert [row[2] for row in rows] == [stamp_ns(image) for image in images]
    assert [row[1] for row in rows] == [START_NS + i * PERIOD_NS for i in range(3)]
    assert (images[0].encoding, images[0].step, images[0].header.frame_id) == ("bgr8", 96, "camera")
    pixels = np.frombuffer(images[2].data, np.uint8).reshape(24, 32, 3)
    assert np.abs(pixels.astype(int) - picture(2)).max() < 6
    # On time, and never early: a stamp is not before the moment at which the message was due.
    assert all(row[3] >= 0 for row in rows)


@pytest.mark.dds
def test_the_clock_tells_the_time_of_the_bag(tmp_path: Path, observer, domain_id: int) -> None:

    with play(write_bag(tmp_path / "a"), domain_id, "--clock", "--loop", "--wait", "0"):
        clock = observer.collect(Clock, "/clock")
        told = clock.wait(5)
    times = [message.clock.sec * 10**9 + message.clock.nanosec for message in told]
    assert all(START_NS <= time < START_NS + 4 * PERIOD_NS for time in times)


@pytest.mark.dds
def test_it_loops_until_it_is_told_to_end(tmp_path: Path, observer, domain_id: int) -> None:

    options = ("--loop", "--rate", "20", "--topics", "/count", "/camera/image_raw/compressed")
    with play(write_bag(tmp_path / "a"), domain_id, *options, "--events") as player:
        counts = observer.collect(Int32, "/count")
        observer.collect(CompressedImage, "/camera/image_raw/compressed")
        told = [message.data for message in counts.wait(8)]
        assert player.stop() == 0
    assert sorted(set(told)) == [0, 1, 2]
    # Between the first count and the eighth lie seven images at least.
    assert json.loads(player.matching('"finished"')[0])["sent"] >= 8 + 7


@pytest.mark.dds
def test_a_frame_that_does_not_decode_is_left_out_and_named(
    tmp_path: Path, observer, domain_id: int
) -> None:
    topic = "/cam/compressed"
    with BagWriter(tmp_path / "a.mcap") as bag:
        camera = bag.add_topic(topic, "sensor_msgs/msg/CompressedImage")
        bag.write_message(camera, 1, compressed_image(b"\xff\xd8", "jpeg", 1, ""))
    options = ("--decode", "--events", "--wait", "0")
    with play(tmp_path / "a.mcap", domain_id, *options) as player:
        assert player.wait() == 0
    assert f"left out a frame of {topic}" in player.output
    assert json.loads(player.matching('"finished"')[0])["malformed"] == 1


@pytest.mark.dds
def test_a_damaged_bag_ends_it_with_one_line(tmp_path: Path, domain_id: int) -> None:
    (tmp_path / "a.mcap").write_bytes(b"nothing")
    with play(tmp_path / "a.mcap", domain_id) as player:
        assert player.wait() == 1
    assert player.lines[-1].startswith("error: received the damaged bag")


@pytest.mark.dds
def test_with_decode_a_frame_goes_out_once_and_what_was_raw_stays_as_it_was(
    tmp_path: Path, observer, domain_id: int
) -> None:
    depth = Image(height=2, width=2, encoding="16UC1", step=4, data=array("B", range(8)))
    with BagWriter(tmp_path / "a.mcap") as bag:
        for topic in ("/cam", "/depth"):
            raw = bag.add_topic(topic, "sensor_msgs/msg/Image")
            bag.write(raw, 1, serialize_message(depth))
        bag.add_topic("/depth/compressed", "sensor_msgs/msg/CompressedImage")  # never sent
        camera = bag.add_topic("/cam/compressed", "sensor_msgs/msg/CompressedImage")
        content = encode_png(np.zeros((4, 4, 3), np.uint8))
        bag.write_message(camera, 2, compressed_image(content, "png", 2, ""))
    with play(tmp_path / "a.mcap", domain_id, "--decode") as player:
        cameras, depths = observer.collect(Image, "/cam"), observer.collect(Image, "/depth")
        assert [one.encoding for one in depths.wait(1)] == ["16UC1"]
        assert [one.encoding for one in cameras.wait(1)] == ["bgr8"]
        assert player.wait() == 0
    assert "left out /cam: /cam/compressed is played on it" in player.output
    assert len(cameras.messages) == 1


def test_clock_and_restamp_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="one of them"):
        parse(["a.mcap", "--clock", "--restamp"])


def test_the_report_sums_up_what_was_sent(tmp_path: Path) -> None:
    report = PlayReport(total=2, keeps_rows=True)
    report.add("/a", 1, 2, 3_000_000)
    report.add("/a", 4, 5, 1_000_000)
    assert report.summary() == {
        "sent": 2,
        "malformed": 0,
        "late_ms": {"p50": 2.0, "p95": 2.9, "p99": 2.98, "max": 3.0},
    }
    report.write(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["rows"][1] == ["/a", 4, 5, 1_000_000]


def test_without_a_file_to_write_no_row_is_kept_and_the_longest_delay_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play_report, "_LATEST", 2)
    report = PlayReport(total=1)
    for late_ns in (9_000_000, 1_000_000, 3_000_000):
        report.add("/a", 1, 2, late_ns)
    assert report.sent == 3
    assert report.summary()["late_ms"] == {"p50": 2.0, "p95": 2.9, "p99": 2.98, "max": 9.0}
    report.write(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["rows"] == []


BROKEN_TOPIC = """
import sys
from segmentation_node.ros import player

def replay(*words):
    raise ValueError("the topic is broken")

player.replay = replay
sys.exit(player.main())
"""
BROKEN_CLOCK = """
import sys
from segmentation_node.bags.replay import Timeline
from segmentation_node.ros.player import main

def time_ns(*words):
    raise ValueError("the clock is broken")

Timeline.time_ns = time_ns
sys.exit(main())
"""


@pytest.mark.dds
@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (BROKEN_TOPIC, (), "the topic is broken"),
        (BROKEN_CLOCK, ("--clock",), "the clock is broken"),
    ],
)
def test_whatever_ends_a_thread_of_the_replay_ends_the_replay(
    tmp_path: Path, domain_id: int, code: str, words: tuple[str, ...], said: str
) -> None:
    bag = write_bag(tmp_path / "a.mcap")
    options = ("--wait", "0", "--loop", *words)
    with Program("-c", code, str(bag), *options, domain_id=domain_id) as player:
        assert player.wait() == 1
    assert said in player.output


@pytest.mark.dds
@pytest.mark.parametrize("options", [(), ("--topics", "/nothing")])
def test_nothing_to_play_is_an_error(
    tmp_path: Path, domain_id: int, options: tuple[str, ...]
) -> None:
    with BagWriter(tmp_path / "a.mcap") as bag:
        bag.add_topic("/nothing", "sensor_msgs/msg/Image")
        if options:
            other = bag.add_topic("/count", "std_msgs/msg/Int32")
            bag.write_message(other, 1, typestore().types["std_msgs/msg/Int32"](data=1))
    with play(tmp_path / "a.mcap", domain_id, *options) as player:
        assert player.wait() == 1
    assert "without a message to play; its topics: " in player.lines[-1]
    assert "/nothing (0)" in player.lines[-1]
