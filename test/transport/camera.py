"""A camera driver for tests: prepares its process, then sends images at a camera's pace.

python camera.py FRAMES [WIDTH HEIGHT]: prints the notes of its transport, then `ready` once its
node is spun. It starts to send when somebody listens, and stays until it is stopped.
"""

from __future__ import annotations

import array
import contextlib
import sys

from segmentation_node.transport import prepare_process

plan = prepare_process()

import rclpy  # noqa: E402
from rclpy.executors import ExternalShutdownException  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

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
            # Not before: what is interrupted while rclpy makes its executor leaves a traceback.
            self.is_ready = True
            print("ready", flush=True)
        if self.left and self.publisher.get_subscription_count():
            self.left -= 1
            self.message.header.frame_id = str(self.left)
            self.publisher.publish(self.message)


def main() -> None:
    frames, width, height = [int(word) for word in sys.argv[1:]] + [1280, 720][len(sys.argv) - 2 :]
    for note in (*plan.notes, *plan.warnings):
        print(note, flush=True)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.init(args=[])
        camera = Camera(frames, width, height)
        rclpy.spin(camera.node)


if __name__ == "__main__":
    main()
