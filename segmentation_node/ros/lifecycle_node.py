"""The lifecycle node: parameters, transitions, diagnostics. The work is done in `stream`."""

from __future__ import annotations

import traceback
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from segmentation_node.config import NodeConfig
from segmentation_node.errors import ConfigError, SegmentationError
from segmentation_node.ros.diagnostics import Health, message
from segmentation_node.ros.library_log import LibraryLog
from segmentation_node.ros.parameters import NodeParameters
from segmentation_node.ros.qos import DIAGNOSTICS_PUBLICATION
from segmentation_node.ros.stream import CameraStream


class SegmentationNode(LifecycleNode):
    """Segments camera images.

    Unconfigured it has parameters and diagnostics only; configured the network is loaded and warm;
    active it subscribes and publishes. What cannot be configured is refused with one sentence in
    the log and in the diagnostics, and can be mended and tried again.

    Args:
        options: As for any node.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("segmentation_node", **options)
        self._stream: CameraStream | None = None
        self._image_sizes: dict[str, tuple[int, int]] = {}
        self._refusal = ""
        self._library_log = LibraryLog(self.get_logger())
        self._declared = NodeParameters(self, lambda: self._stream is not None, self._set_live)
        self._diagnostics = self.create_publisher(
            DiagnosticArray, "/diagnostics", DIAGNOSTICS_PUBLICATION
        )
        # By a steady clock: simulated time may stand still, and that is worth a message too.
        self._timer = self.create_timer(
            self._number("diagnostics_period_s"),
            self._publish_diagnostics,
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )
        self._survive_unknown_transitions()
        self._start = self.create_guard_condition(self._bring_up)
        if self.get_parameter("autostart").value:
            self._start.trigger()

    def close(self) -> None:
        """End the threads and free the engine, in whatever state the node is."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def destroy_node(self) -> None:
        """Free everything, the node itself as well."""
        self.close()
        self._library_log.close()
        super().destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the parameters, load the network and warm it up."""
        try:
            config = self._declared.read()
            self._stream = CameraStream(self, config, self._image_sizes.get(config.input_topic))
            self._stream.open()
        except Exception as error:
            self.close()
            return self._refuse("configure", error)
        self._refusal = ""
        self._say_what_runs(self._stream)
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the camera and publish from now on."""
        stream = self._configured()
        result = super().on_activate(state)
        try:
            stream.activate()
        except Exception as error:
            stream.deactivate()
            super().on_deactivate(state)
            return self._refuse("activate", error)
        self._refusal = ""
        self.get_logger().info(f"active: listening to {stream.topic}")
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe; the frame that is under way is still published."""
        stream = self._configured()
        stream.deactivate()
        self._image_sizes.update(stream.image_sizes)
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the network, the threads and the topics."""
        self.close()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, from any state."""
        self.close()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured again."""
        self.close()
        return super().on_error(state)

    def _bring_up(self) -> None:
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS and self.context.ok():
            self.trigger_activate()

    def _refuse(self, what: str, error: Exception) -> TransitionCallbackReturn:
        # rclpy would swallow the exception without a word.
        known = isinstance(error, SegmentationError)
        self._refusal = f"cannot {what}: {error if known else repr(error)}"
        self.get_logger().error(self._refusal)
        if not known:
            self.get_logger().error(traceback.format_exc())
        return TransitionCallbackReturn.FAILURE

    def _configured(self) -> CameraStream:
        if self._stream is None:
            raise ConfigError("a node without a network", "a configured node", "configure it first")
        return self._stream

    def _say_what_runs(self, stream: CameraStream) -> None:
        facts = stream.facts
        shown = ", ".join(
            f"{key} {facts[key]}"
            for key in ("model", "network_size", "engine", "device", "precision", "mode")
        )
        self.get_logger().info(f"configured: {shown}")
        if stream.may_lose_frames:
            self.get_logger().warning(
                "received mode every with qos sensor_data; expected qos reliable, as frames lost "
                "on the way are not sent again; fix: set qos to reliable if the camera is reliable"
            )

    def _number(self, parameter: str) -> float:
        return float(self.get_parameter(parameter).value)

    def _set_live(self, config: NodeConfig) -> None:
        self._timer.timer_period_ns = int(config.diagnostics_period_s * 1e9)
        if self._stream is not None:
            self._stream.adjust(config)

    def _publish_diagnostics(self) -> None:
        self._diagnostics.publish(message(self._health(), self.get_clock().now()))

    def _health(self) -> Health:
        name, state = self.get_fully_qualified_name(), self._state_machine.current_state[1]
        stream = self._stream
        if stream is None:
            return Health(name, state, refusal=self._refusal)
        return Health(
            name,
            state,
            report=stream.report(),
            topic=stream.topic,
            publishers=stream.publisher_count,
            input_faults=stream.input_faults,
            refusal=self._refusal,
            facts=stream.facts,
            drift=stream.drift.report(),
        )

    def _survive_unknown_transitions(self) -> None:
        """Answer a transition that the state does not have with `success: false`.

        rclpy of Humble and Jazzy lets the exception end the process
        (https://github.com/ros2/rclpy/issues/1209).
        """
        service = self._service_change_state
        change_state = service.callback

        def answered(
            request: ChangeState.Request, response: ChangeState.Response
        ) -> ChangeState.Response:
            try:
                return change_state(request, response)
            except RuntimeError as error:  # rclpy's RCLError
                self.get_logger().error(f"no such transition from here: {error}")
                response.success = False
                return response

        service.callback = answered
