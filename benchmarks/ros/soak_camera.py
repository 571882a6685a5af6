"""A camera that can be unplugged, plugged in again, paused, and told to change its size."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.pipeline.size_trial import patches

Sent = tuple[int, int, int, int]
"""Of an image the stamp in ns, the monotonic moment of its sending in ns, height and width."""

_MOST_LATE_S = 1.0  # what is later than that is left out and not sent in a burst


class SoakCamera:
    """Sends images at a steady rate, on a thread of its own.

    Args:
        node: The node to send with. No executor may spin it: a publisher that is destroyed while
            one waits for its events ends that executor.
        topic: Where to.
        rate_hz: Images per second.
        sizes: The sizes that it can be told to send; the first at the beginning.
    """

    def __init__(
        self, node: Node, topic: str, rate_hz: float, sizes: Sequence[NetworkSize]
    ) -> None:
        self._node, self._topic, self._period_s = node, topic, 1 / rate_hz
        self._images = [_image(size) for size in sizes]
        self._which = 0
        self._sent: list[Sent] = []
        self._publisher: Any = None
        self._is_paused = True
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.now_ns: Callable[[], int] = time.time_ns
        """What the images are stamped with."""
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def plug_in(self) -> None:
        """Begin to send, as a driver that is started does."""
        with self._lock:
            if self._publisher is None:
                # A second of images: reliable, so that none is lost while the node is held up.
                quality = QoSProfile(depth=30)
                self._publisher = self._node.create_publisher(Image, self._topic, quality)
            self._is_paused = False

    def unplug(self) -> None:
        """End as a driver does that is ended: nobody publishes any more."""
        with self._lock:
            if self._publisher is not None:
                self._node.destroy_publisher(self._publisher)
            self._publisher = None

    def pause(self) -> None:
        """Send nothing until it is plugged in again; the publisher stays."""
        with self._lock:
            self._is_paused = True

    @property
    def sizes(self) -> int:
        """How many sizes there are."""
        return len(self._images)

    def show(self, which: int) -> None:
        """Send images of another size from the next one on."""
        with self._lock:
            self._which = which

    def take_sent(self) -> list[Sent]:
        """What was sent since this was asked last."""
        with self._lock:
            sent, self._sent = self._sent, []
            return sent

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join()
        self.unplug()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + self._period_s, time.monotonic() - _MOST_LATE_S)
            with self._lock:
                if self._publisher is not None and not self._is_paused:
                    self._send()

    def _send(self) -> None:
        image, stamp_ns, sent_ns = self._images[self._which], self.now_ns(), time.monotonic_ns()
        image.header.stamp.sec, image.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        self._publisher.publish(image)
        self._sent.append((stamp_ns, sent_ns, image.height, image.width))


def _image(size: NetworkSize) -> Image:
    pixels = patches(size.height, size.width)
    image = Image(height=size.height, width=size.width, encoding="bgr8", step=pixels.strides[0])
    image.header.frame_id = "camera"
    image.data = array("B", pixels.tobytes())
    return image
