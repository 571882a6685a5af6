"""The lifecycle node: parameters, transitions, diagnostics. The work is done in `streams`."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from segmentation_node.config import NodeConfig
from segmentation_node.errors import ConfigError, SegmentationError
from segmentation_node.hardware import HealthWatch
from segmentation_node.ros.diagnostics import message
from segmentation_node.ros.gpu_health import gpu_status
from segmentation_node.ros.health import healths_of
from segmentation_node.ros.library_log import LibraryLog
from segmentation_node.ros.namesakes import Namesakes
from segmentation_node.ros.network import changes, check_network
from segmentation_node.ros.parameters import NodeParameters
from segmentation_node.ros.qos import DIAGNOSTICS_PUBLICATION
from segmentation_node.ros.streams import CameraStreams

SENSOR_PERIOD_S = 1.0
"""Seconds between two readings of the GPU's sensors, at least: some take a while to answer."""


BROUGHT_UP = {
    Transition.TRANSITION_CONFIGURE: ("inactive", "active"),
    Transition.TRANSITION_ACTIVATE: ("active",),
}
"""The states in which a node that brings itself up has these transitions behind it."""


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
        self.on_failed: Callable[[], None] = lambda: None
        """Called (executor's thread) once the node cannot go on, and has said so."""
        self._streams: CameraStreams | None = None
        self._image_sizes: dict[str, tuple[int, int]] = {}
        self._refusal = ""
        self._is_stopping = False
        self._sensors: HealthWatch | None = None
        self._library_log = LibraryLog(self.get_logger())
        self._namesakes = Namesakes(self.get_fully_qualified_name(), self.get_logger().warning)
        self._declared = NodeParameters(
            self, lambda: self._streams is not None, self._set_live, self._check_network
        )
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
        # Parameters are stored after they were judged; and those that one request sets one by one
        # are to be one exchange of the network.
        self._asked = self.create_guard_condition(self._change_network)
        self._swapped = self.create_guard_condition(self._note_change)
        self._failed = self.create_guard_condition(self._note_failure)
        self._start = self.create_guard_condition(self._bring_up)
        if self.get_parameter("autostart").value:
            self._start.trigger()

    def stop(self) -> None:
        """End whatever takes long, for good; may be called from any thread, in any state.

        What is left to do is `destroy_node`.
        """
        # First the flag: a network that is about to be loaded sees it.
        self._is_stopping = True
        streams = self._streams
        if streams is not None:
            streams.watch.cancel()

    def close(self) -> None:
        """End the threads and free the engine, in whatever state the node is."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams.close()
        sensors, self._sensors = self._sensors, None
        if sensors is not None:
            sensors.close()

    def destroy_node(self) -> None:
        """Free everything, the node itself as well."""
        try:
            self.close()
        finally:
            # Also where somebody insists meanwhile: the middleware leaves its memory behind else.
            self._library_log.close()
            super().destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the parameters, load the network and warm it up."""
        try:
            config = self._declared.read()
            self._sensors = HealthWatch(max(config.diagnostics_period_s, SENSOR_PERIOD_S))
            self._streams = CameraStreams(
                self, config, self._image_sizes, self._swapped.trigger, self._failed.trigger
            )
            if self._is_stopping:
                self._streams.watch.cancel()
            self._streams.open(self._publish_diagnostics, config.diagnostics_period_s)
        except Exception as error:
            self.close()
            return self._refuse("configure", error)
        self._refusal = ""
        self._say_what_runs(self._streams, "configured")
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the camera and publish from now on."""
        streams = self._configured()
        result = super().on_activate(state)
        try:
            streams.activate()
        except Exception as error:
            streams.deactivate()
            super().on_deactivate(state)
            return self._refuse("activate", error)
        self._refusal = ""
        self.get_logger().info(f"active: listening to {', '.join(streams.topics)}")
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe; the frame that is under way is still published."""
        streams = self._configured()
        topics = ", ".join(streams.topics)
        streams.deactivate()
        self._image_sizes.update(streams.image_sizes)
        self.get_logger().info(f"deactivated: no longer listening to {topics}")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the network, the threads and the topics."""
        self.close()
        self.get_logger().info("cleaned up: the network is freed, the output topics are gone")
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
        if self._is_stopping:
            self.get_logger().info(f"stopped before it could {what}")
            return TransitionCallbackReturn.FAILURE
        # rclpy would swallow the exception without a word.
        known = isinstance(error, SegmentationError)
        self._refusal = f"cannot {what}: {error if known else repr(error)}"
        self.get_logger().error(self._refusal)
        if not known:
            self.get_logger().error(traceback.format_exc())
        return TransitionCallbackReturn.FAILURE

    def _configured(self) -> CameraStreams:
        if self._streams is None:
            raise ConfigError("a node without a network", "a configured node", "configure it first")
        return self._streams

    def _say_what_runs(self, streams: CameraStreams, since: str) -> None:
        facts = streams.facts
        shown = ", ".join(
            f"{key} {facts[key]}"
            for key in ("model", "network_size", "engine", "device", "precision", "mode")
        )
        self.get_logger().info(f"{since}: {shown}")
        if streams.may_lose_frames:
            self.get_logger().warning(
                "received mode every with qos sensor_data; expected qos reliable, as frames lost "
                "on the way are not sent again; fix: set qos to reliable if the camera is reliable"
            )

    @property
    def _has_named_cameras(self) -> bool:
        # Not asked of the configuration, which may be refused.
        topics, names = (
            list(filter(None, self.get_parameter(one).value))
            for one in ("image_topics", "camera_names")
        )
        return len(topics) > 1 or bool(names)

    def _number(self, parameter: str) -> float:
        return float(self.get_parameter(parameter).value)

    def _check_network(self, config: NodeConfig) -> None:
        # What runs needs no check, and may have to be stored when its file is gone.
        if self._streams is not None and config.network != self._streams.swap.running:
            check_network(config, self._streams.image_sizes)

    def _set_live(self, config: NodeConfig) -> None:
        self._timer.timer_period_ns = int(config.diagnostics_period_s * 1e9)
        if self._streams is not None:
            self._streams.adjust(config)
            self._asked.trigger()

    def _change_network(self) -> None:
        streams = self._streams
        if streams is None:
            return
        wanted = self._declared.read().network
        if wanted not in {streams.swap.running, streams.swap.pending}:
            self.get_logger().info(f"loading {changes(streams.swap.running, wanted)}")
        streams.swap.ask(wanted)

    def _note_change(self) -> None:
        streams = self._streams
        if streams is None or streams.swap.pending is not None:
            return
        config, failure = self._declared.read(), streams.swap.failure
        if failure is None:
            self._say_what_runs(streams, "changed")
            streams.adjust(config)
        elif config.network == failure[0]:
            # Else something else was asked for meanwhile, and is about to be loaded.
            self.get_logger().error(streams.trouble)
            self._declared.store(streams.swap.running)

    def _note_failure(self) -> None:
        streams = self._streams
        if streams is not None and streams.failure:
            self.get_logger().fatal(f"{streams.failure}; fix: start it again, and report this")
            self._publish_diagnostics()
            self.on_failed()

    def _publish_diagnostics(self) -> None:
        name, state = self.get_fully_qualified_name(), self._state_machine.current_state[1]
        healths = healths_of(name, state, self._streams, self._refusal, self._has_named_cameras)
        if namesakes := self._namesakes.look(self.get_node_names_and_namespaces()):
            trouble = "; ".join(filter(None, [healths[0].trouble, namesakes]))
            healths[0] = replace(healths[0], trouble=trouble)
        device = next((str(h.facts["device"]) for h in healths if "device" in h.facts), "none")
        gpu = None if self._sensors is None else gpu_status(name, self._sensors.latest, device)
        more = [] if gpu is None else [gpu]
        self._diagnostics.publish(message(healths, self.get_clock().now(), more))

    def _survive_unknown_transitions(self) -> None:
        """Answer a transition that the state does not have with `success: false`.

        rclpy of Humble and Jazzy lets the exception end the process
        (https://github.com/ros2/rclpy/issues/1209).

        What a node has done by itself is a success: a lifecycle manager, such as nav2's, asks for
        it all the same, and gives up on all its nodes where one says no.
        """
        service = self._service_change_state
        change_state = service.callback

        def answered(
            request: ChangeState.Request, response: ChangeState.Response
        ) -> ChangeState.Response:
            state = self._state_machine.current_state[1]
            brought_up = state in BROUGHT_UP.get(request.transition.id, ())
            if brought_up and self.get_parameter("autostart").value:
                self.get_logger().info(f"asked for a transition that autostart has made: {state}")
                response.success = True
                return response
            try:
                return change_state(request, response)
            except RuntimeError as error:  # rclpy's RCLError
                self.get_logger().error(f"no such transition from here: {error}")
                response.success = False
                return response

        service.callback = answered
