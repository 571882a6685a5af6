"""What the page shows of a node: subscribed to on a thread of its own."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Float64, String

from segmentation_node.errors import FrameError
from segmentation_node.ros.message_types import quality_of_service
from segmentation_node.ros.view_stream import ViewStream
from segmentation_node.view.legend import page_legend
from segmentation_node.view.settings import ViewSettings
from segmentation_node.view.source import Audience
from segmentation_node.view.status import page_status

_LOOK_AROUND_S = 0.5
_TIMING_PERIOD_S = 0.2
_FRAMES_IN_CHART = 150
_OF_CAMERA = " segmentation"
_BEST_EFFORT = quality_of_service(best_effort=True, latched=False)
_LATCHED = quality_of_service(best_effort=False, latched=True, depth=1)


class NodeSource:
    """Subscribes to the legend and the diagnostics of a node, and to its pictures while wanted.

    Images and times cost the node work: only while somebody looks are they subscribed to.

    Args:
        settings: Which node and camera, how fast and how good.
    """

    def __init__(self, settings: ViewSettings) -> None:
        self._settings = settings
        self._task = f"{settings.camera} segmentation".lstrip()
        self._is_watched = self._is_asked = False
        self._is_told = False
        self._legend_fault = ""
        self._input_topic = ""
        self._heard_s = 0.0
        self._times_ms: deque[float] = deque(maxlen=_FRAMES_IN_CHART)
        self._next_timing_s = 0.0
        self._timing: Any = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, audience: Audience) -> None:
        """Begin to tell facts."""
        settings = self._settings
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        self._node = Node("segmentation_view", enable_rosout=False, start_parameter_services=False)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._audience = audience
        audience.tell("about", {"node": settings.node, "camera": settings.camera})
        make = self._node.create_subscription
        make(DiagnosticArray, "/diagnostics", self._take_diagnostics, _BEST_EFFORT)
        # The legend is the node's, whatever its cameras.
        make(String, f"{settings.node}/legend", self._take_legend, _LATCHED)
        self._streams = {
            name: ViewStream(self._node, name, settings, audience) for name in ("input", "overlay")
        }
        self._node.create_timer(_LOOK_AROUND_S, self._follow)
        self._thread = threading.Thread(target=self._spin, name="ros")
        self._thread.start()

    def look(self, is_watched: bool) -> None:
        """Begin to show pictures at once, or cease to when it next looks around.

        So a browser that asks for them on and off without end has one task waiting at most, and
        does not make and destroy subscriptions at its own pace.
        """
        self._is_watched = is_watched
        if is_watched and not self._is_asked:
            self._is_asked = True
            self._executor.create_task(self._follow)

    def close(self) -> None:
        """Unsubscribe from everything; closing twice does nothing."""
        if self._thread is None:
            return
        self._ending.set()
        self._executor.wake()
        self._thread.join()
        self._thread = None
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.try_shutdown()

    def _spin(self) -> None:
        while not self._ending.is_set():
            try:
                self._executor.spin_once(timeout_sec=0.5)
            except Exception as error:  # noqa: PERF203
                # What one message brings about must not end all that comes after it.
                self._node.get_logger().error(f"a message could not be shown: {error!r}")
                self._ending.wait(_LOOK_AROUND_S)

    def _follow(self) -> None:
        """Subscribe to what is wanted and there, and to nothing else."""
        self._is_asked = False
        if not self._is_watched:
            for stream in self._streams.values():
                stream.rest()
            self._stop_timing()
            return
        overlay = self._settings.topic_of("overlay")
        self._streams["overlay"].follow(
            f"{overlay}/compressed" if self._settings.compressed else overlay
        )
        self._streams["input"].follow(self._input_topic)
        if self._timing is None:
            topic = self._settings.topic_of("timing/total_ms")
            self._timing = self._node.create_subscription(
                Float64, topic, self._take_time, _BEST_EFFORT
            )

    def _stop_timing(self) -> None:
        if self._timing is not None:
            self._node.destroy_subscription(self._timing)
            self._timing = None
            self._times_ms.clear()

    def _take_legend(self, message: String) -> None:
        try:
            self._audience.tell("legend", page_legend(message.data))
        except FrameError as error:
            # The legend before it stays: this one may be of some other publisher.
            self._tell_legend_fault(str(error))
        else:
            self._tell_legend_fault("")

    def _tell_legend_fault(self, text: str) -> None:
        if text == self._legend_fault:
            return
        self._legend_fault = text
        self._audience.tell("fault legend", {"stream": "legend", "text": text})
        if text:
            self._node.get_logger().warning(text)

    def _take_diagnostics(self, message: DiagnosticArray) -> None:
        node = f"{self._settings.node.lstrip('/')}: "
        ours = [one for one in message.status if one.name.startswith(node)]
        found = {one.name.removeprefix(node): one for one in ours}
        # A node says nothing of its cameras while it is not configured, or has one without name.
        status = found.get(self._task) or found.get("segmentation")
        if status is not None:
            self._take_status(status)
        several = [name for name in found if name.endswith(_OF_CAMERA)]
        self._name_cameras([name.removesuffix(_OF_CAMERA) for name in several])

    def _name_cameras(self, cameras: list[str]) -> None:
        """Say that one has to be chosen, where they have names and none of them is."""
        if cameras and self._settings.camera not in cameras and not self._is_told:
            self._is_told = True
            text = f"This node's cameras have names: --camera {' | '.join(cameras)} shows one"
            self._audience.tell("fault overlay", {"stream": "overlay", "text": text})

    def _take_status(self, status: Any) -> None:
        values = {pair.key: pair.value for pair in status.values}
        # Of several cameras together it is a list, and there is no one picture to show.
        self._input_topic = "" if "cameras" in values else values.get("input_topic", "")
        now_s, before_s = time.monotonic(), self._heard_s
        self._heard_s = now_s
        period_s = now_s - before_s if before_s else 1.0
        level = int.from_bytes(status.level, "little")
        self._audience.tell("status", page_status(level, status.message, values, period_s))

    def _take_time(self, message: Float64) -> None:
        if not math.isfinite(message.data):
            return  # JSON has no such numbers
        self._times_ms.append(round(message.data, 2))
        now_s = time.monotonic()
        if now_s >= self._next_timing_s:
            self._next_timing_s = now_s + _TIMING_PERIOD_S
            self._audience.tell("timing", {"total_ms": list(self._times_ms)})
