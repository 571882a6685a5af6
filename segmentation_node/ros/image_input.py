"""One camera of the node: its subscription, and what arrives on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segmentation_node.config import NodeConfig
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError
from segmentation_node.ros.conversion import frame_of_compressed, frame_of_image, stamp_ns
from segmentation_node.ros.image_subscription import ImageSubscription


@dataclass(frozen=True, eq=False)
class Arrival:
    """One image on its way through the node.

    Args:
        header: That of the message; the outputs get it as it is.
        arrived_s: When it arrived, seconds on the monotonic performance counter.
        clock_ns: When it arrived by the node's clock, nanoseconds; 0 while simulated time has not
            begun.
        read: Gives the image; may have to decode it first, and may raise FrameError.
        read_ms: Time that was spent on reading it before it was handed over.
        camera: Whose it is, by the order of the cameras.
    """

    header: Header
    arrived_s: float
    clock_ns: int
    read: Callable[[], Frame]
    read_ms: float = 0.0
    camera: int = 0

    @property
    def age_ms(self) -> float | None:
        """Time from the stamp to the arrival, milliseconds; None while there is no time."""
        return (self.clock_ns - stamp_ns(self.header)) * 1e-6 if self.clock_ns else None


class Gate(MutuallyExclusiveCallbackGroup):
    """Keeps the executor from taking messages while nobody has room for them.

    They wait in the middleware instead, and timers and services are served meanwhile, which a
    callback that blocks would not let happen. Whoever opens the gate wakes the executor.

    Args:
        is_open: Whether the next message may be taken.
    """

    def __init__(self, is_open: Callable[[], bool]) -> None:
        super().__init__()
        self._is_open = is_open

    def can_execute(self, entity: object) -> bool:
        """Whether the executor may take a message now."""
        return self._is_open() and bool(super().can_execute(entity))


class ImageInput:
    """Subscribes to a camera and makes an `Arrival` of each message.

    Args:
        node: The node that subscribes.
        config: Its parameters.
        on_arrival: Takes each one, on the executor's thread.
        on_refusal: Takes each message that is read at once and is no image, and the error.
        is_open: Whether the next message may be taken.
        is_wanted: Whether one is to be answered; if not, nothing more is done with it.
        camera: Which of the node's cameras this is.
    """

    def __init__(
        self,
        node: Node,
        config: NodeConfig,
        on_arrival: Callable[[Arrival], None],
        on_refusal: Callable[[Arrival, FrameError], None],
        is_open: Callable[[], bool],
        is_wanted: Callable[[Arrival], bool],
        camera: int = 0,
    ) -> None:
        self._node = node
        self._is_wanted = is_wanted
        self._camera = camera
        self._on_arrival = on_arrival
        self._on_refusal = on_refusal
        # Decoding takes milliseconds. Where no frame is dropped it is done here, beside the
        # inference of the frame before; else on a frame's turn, as it may be replaced till then.
        self._decodes_at_once = config.mode == "every"
        self.subscription = ImageSubscription(node, config, self._take, Gate(is_open))
        """Where the images come from."""

    @property
    def topic(self) -> str:
        """Name of the topic, with namespace and remappings applied."""
        return self.subscription.topic

    @property
    def image_topic(self) -> str:
        """The same without the suffix of the transport."""
        return self.topic.removesuffix("/compressed")

    def close(self) -> None:
        """Unsubscribe."""
        self.subscription.close()

    def _take(self, message: Image | CompressedImage) -> None:
        arrived_s, clock_ns = time.perf_counter(), self._node.get_clock().now().nanoseconds
        is_compressed = isinstance(message, CompressedImage)
        read = partial(frame_of_compressed if is_compressed else frame_of_image, message)
        arrival = Arrival(message.header, arrived_s, clock_ns, read, camera=self._camera)
        if not self._is_wanted(arrival):
            return
        if is_compressed and not self._decodes_at_once:
            self._on_arrival(arrival)
            return
        # A bad frame must not replace a good one that waits.
        try:
            frame = read()
        except FrameError as error:
            self._on_refusal(arrival, error)
            return
        read_ms = (time.perf_counter() - arrived_s) * 1e3
        self._on_arrival(replace(arrival, read=lambda: frame, read_ms=read_ms))
