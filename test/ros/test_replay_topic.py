from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from sensor_msgs.msg import Image
from small_bags import START_NS, picture, write_bag

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.types import typestore
from segmentation_node.bags.writer import BagWriter
from segmentation_node.ros.replay_topic import open_topic

NEW_NS = 1_800_000_000_000_000_001


class Publisher:
    """Keeps what is published."""

    def __init__(self, kind: Any, topic: str, qos: QoSProfile) -> None:
        self.kind, self.topic, self.qos = kind, topic, qos
        self.sent: list[Any] = []

    def publish(self, message: Any) -> None:
        self.sent.append(message)


class Node:
    """Stands for a node: only its publishers are asked for."""

    def create_publisher(self, kind: Any, topic: str, qos: QoSProfile) -> Publisher:
        return Publisher(kind, topic, qos)


def opened(bag: BagReader, topic: str, decode: bool = False) -> Any:
    return open_topic(Node(), bag, topic, decode)


@pytest.mark.parametrize("compressed", [False, True])
def test_images_of_either_kind_become_raw_ones(tmp_path: Path, compressed: bool) -> None:
    with BagReader(write_bag(tmp_path / "a.mcap", compressed=compressed)) as bag:
        name = "/camera/image_raw" + "/compressed" * compressed
        topic = opened(bag, name, decode=True)
        prepared = topic.prepare(next(bag.messages([name])))
    assert topic.size(prepared) == 24 * 32 * 3
    topic.send(prepared, NEW_NS)
    (image,) = topic.publisher.sent
    assert (topic.publisher.topic, topic.publisher.kind) == ("/camera/image_raw", Image)
    assert image.header.stamp.sec * 10**9 + image.header.stamp.nanosec == NEW_NS
    pixels = np.frombuffer(image.data, np.uint8).reshape(24, 32, 3)
    assert np.abs(pixels.astype(int) - picture(0)).max() < 6


def test_without_a_new_stamp_the_recorded_one_stays(tmp_path: Path) -> None:
    with BagReader(write_bag(tmp_path / "a.mcap")) as bag:
        topic = opened(bag, "/camera/image_raw/compressed", decode=True)
        topic.send(topic.prepare(next(bag.messages(["/camera/image_raw/compressed"]))), None)
    stamp = topic.publisher.sent[0].header.stamp
    assert stamp.sec * 10**9 + stamp.nanosec == START_NS


def test_other_messages_go_out_as_the_bytes_that_were_recorded(tmp_path: Path) -> None:
    with BagReader(write_bag(tmp_path / "a.mcap")) as bag:
        topic = opened(bag, "/count", decode=True)
        message = next(bag.messages(["/count"]))
        topic.send(topic.prepare(message), NEW_NS)
    assert topic.publisher.sent == [bytes(message.data)]


def test_a_type_that_is_not_installed_is_left_out(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as bag:
        text = "std_msgs/Header header"
        level = bag._add("/level", "fleet_msgs/msg/Level", text, "RIHS01_" + "1" * 64, ())
        bag.write(level, 5, b"\x00\x01\x00\x00" + b"\x00" * 20)
    with BagReader(tmp_path / "a.mcap") as bag:
        assert opened(bag, "/level") is None


def test_the_recorded_quality_of_service_is_offered_again(tmp_path: Path) -> None:
    zero = QosTime(0, 0)
    latched = Qos(
        history=QosHistory.KEEP_LAST,
        depth=1,
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL,
        deadline=zero,
        lifespan=zero,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=zero,
        avoid_ros_namespace_conventions=False,
    )
    careless = latched._replace(
        reliability=QosReliability.BEST_EFFORT, durability=QosDurability.VOLATILE
    )
    store, kind = typestore(), "std_msgs/msg/Int32"
    text, digest = store.generate_msgdef(kind, ros_version=2)[0], store.hash_rihs01(kind)
    with BagWriter(tmp_path / "a.mcap") as bag:
        for name, qos in (("/map", latched), ("/camera", careless)):
            bag.write_message(bag._add(name, kind, text, digest, [qos]), 1, store.types[kind](1))
    with BagReader(tmp_path / "a.mcap") as bag:
        offered = {name: opened(bag, name).publisher.qos for name in ("/map", "/camera")}
    assert offered["/map"].durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert offered["/map"].reliability == ReliabilityPolicy.RELIABLE
    assert offered["/camera"].reliability == ReliabilityPolicy.BEST_EFFORT
