from __future__ import annotations

import pytest

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.restamp import restamper
from segmentation_node.bags.types import typestore

NEW_NS = 1_800_000_000_123_456_789


def moved(path, topic: str):
    with BagReader(path) as bag:
        message = next(bag.messages([topic]))
        data = restamper(message.connection)(message.data, NEW_NS)
        old = typestore().deserialize_cdr(message.data, message.type)
        return old, typestore().deserialize_cdr(data, message.type), data == message.data


def stamp(header) -> int:
    return header.stamp.sec * 10**9 + header.stamp.nanosec


@pytest.mark.parametrize("compressed", [False, True])
def test_an_image_keeps_all_but_its_stamp(make_bag, compressed: bool) -> None:
    topic = "/camera/image_raw" + "/compressed" * compressed
    old, new, _ = moved(make_bag(compressed=compressed), topic)
    assert stamp(new.header) == NEW_NS
    assert new.header.frame_id == "camera"
    assert bytes(new.data) == bytes(old.data)


def test_every_transform_is_moved(make_bag) -> None:
    _, new, _ = moved(make_bag(), "/tf")
    assert [stamp(item.header) for item in new.transforms] == [NEW_NS, NEW_NS]


def test_a_message_without_a_header_is_left_alone(make_bag) -> None:
    assert moved(make_bag(), "/count")[2]


def test_big_endian_bytes_are_patched_in_their_order(make_bag) -> None:
    with BagReader(make_bag()) as bag:
        message = next(bag.messages(["/camera/image_raw/compressed"]))
    data = restamper(message.connection)(b"\x00\x00" + bytes(message.data[2:]), NEW_NS)
    seconds, nanoseconds = divmod(NEW_NS, 10**9)
    assert data[4:8] == seconds.to_bytes(4, "big")
    assert data[8:12] == nanoseconds.to_bytes(4, "big")
