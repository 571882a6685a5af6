"""The rate limit over real DDS: frames above it are counted, and cost nothing."""

from __future__ import annotations

from array import array
from contextlib import contextmanager

import pytest
from dds import Observer
from node_rig import EVERY, Rig, image_message, picture, running_node, stamped
from sensor_msgs.msg import Image

pytestmark = pytest.mark.dds

node = contextmanager(running_node)


def frame(second: int, **changed: object) -> Image:
    return stamped(image_message(picture(), **changed), second)


def seconds(rig: Rig) -> list[int]:
    return [one.header.stamp.sec for one in rig.labels.messages]


def test_with_every_the_frames_within_the_limit_are_answered_and_the_others_counted(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, **EVERY, rate_limit=0.5) as rig:
        rig.connect()
        for second in range(100, 110):
            rig.camera.publish(frame(second))
        rig.labels.wait(5)
        rig.value_becomes("received", "10")
        rig.value_becomes("processed", "5")
        assert (rig.value("limited"), rig.value("skipped")) == ("5", "0")
        assert seconds(rig) == [100, 102, 104, 106, 108]
        # It can be lifted while the node runs, and set again.
        assert rig.set_parameter("rate_limit", -1.0) != ""
        assert rig.set_parameter("rate_limit", 0.0) == ""
        rig.value_becomes("rate_limit_hz", "none")
        for second in range(110, 114):
            rig.camera.publish(frame(second))
        rig.labels.wait(9)
        assert seconds(rig)[5:] == [110, 111, 112, 113]
        assert rig.value("limited") == "5"


def test_with_latest_a_frame_above_the_limit_replaces_none_and_is_not_even_read(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, mode="latest", qos="reliable", rate_limit=0.25) as rig:
        rig.connect()
        assert rig.ask(frame(100)).header.stamp.sec == 100
        # A bad one above the limit: nobody looks at it.
        rig.camera.publish(frame(101, data=array("B", bytes(7))))
        rig.value_becomes("limited", "1")
        rig.camera.publish(frame(102))
        rig.value_becomes("limited", "2")
        assert rig.ask(frame(104)).header.stamp.sec == 104
        rig.value_becomes("processed", "2")
        assert (rig.value("malformed"), rig.value("skipped")) == ("0", "0")
        assert rig.value("received") == "4"
        # A bag that begins again is answered from its beginning.
        assert rig.ask(frame(20)).header.stamp.sec == 20


def test_frames_without_a_stamp_are_limited_by_their_arrival(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, **EVERY, rate_limit=0.001) as rig:
        rig.connect()
        unstamped = frame(0)
        unstamped.header.stamp.nanosec = 0
        for _ in range(3):
            rig.camera.publish(unstamped)
        rig.value_becomes("limited", "2")
        rig.value_becomes("processed", "1")
