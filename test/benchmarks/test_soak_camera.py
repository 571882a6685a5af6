from __future__ import annotations

import pytest
import rclpy
from dds import Observer, wait_until
from sensor_msgs.msg import Image

from benchmarks.ros.soak_camera import SoakCamera
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.ros.conversion import stamp_ns

pytestmark = pytest.mark.dds

TOPIC = "/images"


def test_a_camera_is_plugged_in_resized_paused_and_unplugged(observer: Observer) -> None:
    node = rclpy.create_node("camera", context=observer.node.context)
    camera = SoakCamera(node, TOPIC, 50.0, [NetworkSize(8, 16), NetworkSize(4, 6)])
    try:
        assert observer.node.count_publishers(TOPIC) == 0
        camera.plug_in()
        images = observer.collect(Image, TOPIC)
        assert images.wait(2)[0].height == 8
        camera.show(1)
        last = images.wait_for(lambda one: (one.height, one.width) == (4, 6), "the other size")
        camera.pause()
        sent = {stamp: shape for stamp, _, *shape in camera.take_sent()}
        assert sent[stamp_ns(last.header)] == [4, 6]
        assert camera.take_sent() == []
        camera.now_ns = lambda: 7
        camera.plug_in()
        images.wait_for(lambda one: stamp_ns(one.header) == 7, "another clock's stamp")
        camera.unplug()
        wait_until(lambda: not observer.node.count_publishers(TOPIC), "the end of the publisher")
    finally:
        camera.close()
        node.destroy_node()
