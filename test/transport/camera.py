"""A camera driver for tests: prepares its process, then sends images at a camera's pace.

python camera.py FRAMES [WIDTH HEIGHT]: prints the notes of its transport, `ready` once its node is
spun, and `sent` after the last image. It starts to send when somebody listens, and stays until it
is stopped.
"""

from __future__ import annotations

import array
import sys

from segmentation_node.ros.stop_request import StopRequest
from segmentation_node.transport import prepare_process

stop = StopRequest()
plan = prepare_process()

import rclpy  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from rclpy.signals import SignalHandlerOptions  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from segmentation_node.ros.spinning import spin  # noqa: E402

PERIOD_S = 1 / 30


class Camera:
    """Sends numbered frames on `image`, best effort, as drivers do."""

    def __init__(self, frames: int, width: int, height: int) -> None:
        self.node = rclpy.create_node("camera")
        self.publisher = self.node.create_publisher(Image, "image", qos_profile_sensor_data)
        self.left = frames
        self.is_ready = False
        self.message = Image(height=height, width=width, encoding="bgr8", step=3 * width)
        self.message.data = array.array("B", bytes(3 * width * height))
        self.node.create_timer(PERIOD_S, self.tick)

    def tick(self) -> None:
        if not self.is_ready:
            self.is_ready = True
            print("ready", flush=True)
        if self.left and self.publisher.get_subscription_count():
            self.left -= 1
            self.message.header.frame_id = str(self.left)
            self.publisher.publish(self.message)
            if not self.left:
                print("sent", flush=True)


def main() -> None:
    frames, width, height = [int(word) for word in sys.argv[1:]] + [1280, 720][len(sys.argv) - 2 :]
    for note in (*plan.notes, *plan.warnings):
        print(note, flush=True)
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    camera = Camera(frames, width, height)
    spin(camera.node, stop)
    camera.node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
