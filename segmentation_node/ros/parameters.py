"""The node's ROS parameters: declared from the configuration, guarded, and read back into it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from segmentation_node.config import PARAMETERS, NodeConfig, PipelineConfig
from segmentation_node.errors import ConfigError, SegmentationError, nearest
from segmentation_node.parameter import Parameter, Value

FOREIGN = (
    "use_sim_time",
    "start_type_description_service",
    "qos_overrides.",
    "diagnostic_updater.",
)
"""Beginnings of the parameters that ROS itself and its tools give to every node."""


class NodeParameters:
    """Declares the parameters on a node and keeps them right from then on.

    A value given at the start that cannot be accepted does not end the process: the default is
    declared in its place, and `read` refuses until somebody has set the parameter.

    Args:
        node: The node to declare them on.
        is_configured: Whether the node runs on its parameters now; all but the live ones are then
            refused.
        on_live_change: Called with the whole configuration when a live one has changed.
        check_network: Finds what is wrong with another network at once; called with the whole
            configuration where one is asked for while the node is configured.
    """

    def __init__(
        self,
        node: Node,
        is_configured: Callable[[], bool],
        on_live_change: Callable[[NodeConfig], None],
        check_network: Callable[[NodeConfig], None] = lambda _: None,
    ) -> None:
        self._node = node
        self._is_configured = is_configured
        self._on_live_change = on_live_change
        self._check_network = check_network
        self._refused: dict[str, ConfigError] = {}
        for parameter in PARAMETERS.values():
            self._declare(parameter)
        # A file under /** may hold those of other nodes, so that it is a warning and no refusal.
        if unknown := unknown_parameters(node):
            node.get_logger().warning(unknown)
        # Humble has none: there `ros2 param set` wants 10.0 for a floating-point number.
        if hasattr(node, "add_pre_set_parameters_callback"):
            node.add_pre_set_parameters_callback(_whole_numbers_as_floats)
        node.add_on_set_parameters_callback(self._on_set)

    def read(self) -> NodeConfig:
        """The configuration as it stands.

        Raises:
            ConfigError: A value given at the start was refused and has not been set since.
        """
        for refusal in self._refused.values():
            raise refusal
        return self._current()

    def store(self, network: PipelineConfig) -> None:
        """Let the parameters say which network runs, after another one could not be loaded.

        Args:
            network: What runs.
        """
        current = self._current().network
        stale = {name: one for name, one in vars(network).items() if one != getattr(current, name)}
        if stale:
            changes = [RosParameter(name, value=value) for name, value in stale.items()]
            self._node.set_parameters_atomically(changes)

    def _current(self) -> NodeConfig:
        return NodeConfig(**{name: self._node.get_parameter(name).value for name in PARAMETERS})

    def _declare(self, parameter: Parameter) -> None:
        value = parameter.default
        try:
            value = parameter.checked(self._given(parameter))
        except ConfigError as refusal:
            self._refused[parameter.name] = refusal
        description = descriptor(parameter)
        # What was refused must be mendable, even if it is else only given at the start.
        description.read_only = parameter.read_only and parameter.name not in self._refused
        kept = list(value) if isinstance(value, tuple) else value
        self._node.declare_parameter(parameter.name, kept, description, ignore_override=True)

    def _given(self, parameter: Parameter) -> object:
        # Declared with its own type, a wrong one would end the process with an exception, and an
        # integer for a float too. So it is first read with no type at all.
        untyped = ParameterDescriptor(dynamic_typing=True)
        given = self._node.declare_parameter(parameter.name, parameter.default, untyped).value
        self._node.undeclare_parameter(parameter.name)
        # An empty list has no type in ROS, and arrives as nothing at all.
        return parameter.default if given is None and _is_list(parameter) else given

    def _on_set(self, changes: Iterable[RosParameter]) -> SetParametersResult:
        wanted = {one.name: one.value for one in changes if one.name in PARAMETERS}
        try:
            checked = {name: PARAMETERS[name].checked(value) for name, value in wanted.items()}
            self._refuse_while_configured(checked)
            self._refuse_network(checked)
        except SegmentationError as refusal:
            return SetParametersResult(successful=False, reason=str(refusal))
        # Whatever it was: what somebody asked of a service must not end the executor.
        except Exception as fault:
            self._node.get_logger().error(f"cannot set {wanted}: {traceback.format_exc()}")
            return SetParametersResult(successful=False, reason=repr(fault))
        self._accept(checked)
        return SetParametersResult(successful=True)

    def _refuse_while_configured(self, wanted: dict[str, Value]) -> None:
        for name, value in wanted.items():
            unchanged = value == getattr(self._current(), name)
            if self._is_configured() and not PARAMETERS[name].live and not unchanged:
                raise ConfigError(
                    received=f"{name}: {value!r} while the node is configured",
                    expected="this parameter to be set while the node is unconfigured",
                    fix="deactivate and clean up the node, set it, and configure again",
                )

    def _refuse_network(self, wanted: dict[str, Value]) -> None:
        if self._is_configured():
            before = self._current()
            after = replace(before, **wanted)  # type: ignore[arg-type]
            if after.network != before.network:
                self._check_network(after)

    def _accept(self, checked: dict[str, Value]) -> None:
        before = self._current()
        changed = [
            f"{name} from {getattr(before, name)!r} to {value!r}"
            for name, value in checked.items()
            if value != getattr(before, name)
        ]
        if changed:
            self._node.get_logger().info(f"parameters set: {', '.join(changed)}")
        for name in checked:
            self._refused.pop(name, None)
        if any(PARAMETERS[name].live for name in checked):
            # The new values are not stored yet: rclpy asks first.
            self._on_live_change(replace(self._current(), **checked))  # type: ignore[arg-type]


def unknown_parameters(node: Node) -> str:
    """What is wrong with the names that a node was given parameters under; empty where nothing is.

    rclpy keeps those that nobody declares to itself, without a word.
    """
    given = getattr(node, "_parameter_overrides", {})
    unknown = [name for name in given if not (node.has_parameter(name) or name.startswith(FOREIGN))]
    if not unknown:
        return ""
    guesses = [f"{name} to {near}" for name in unknown if (near := nearest(name, PARAMETERS))]
    correct = f"correct {', '.join(guesses)}" if guesses else "take them out, or correct them"
    return (
        f"received parameters of unknown names, which nothing reads: {', '.join(unknown)}; "
        "expected names that `ros2 param list` shows for this node; fix: "
        f"{correct}, and start the node again"
    )


def _is_list(parameter: Parameter) -> bool:
    return isinstance(parameter.default, tuple)


def _whole_numbers_as_floats(changes: list[RosParameter]) -> list[RosParameter]:
    """Take 10 for 10.0, where rclpy would refuse it for its type before it asks anybody."""
    return [
        RosParameter(one.name, value=float(one.value)) if _is_whole_for_float(one) else one
        for one in changes
    ]


def _is_whole_for_float(change: RosParameter) -> bool:
    known = PARAMETERS.get(change.name)
    wants_float = known is not None and isinstance(known.default, float)
    return wants_float and change.type_ == RosParameter.Type.INTEGER


def _when(parameter: Parameter) -> str:
    if parameter.read_only:
        return "Can only be given at the start."
    if parameter.live:
        return "Can be changed while the node runs."
    return "Can be changed while the node is unconfigured."


def descriptor(parameter: Parameter) -> ParameterDescriptor:
    """What ROS tools show of a parameter: its meaning, what may stand there, and its range."""
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    described = ParameterDescriptor(
        name=parameter.name,
        description=f"{parameter.description}{unit} {_when(parameter)}",
        additional_constraints=parameter.expected,
        read_only=parameter.read_only,
    )
    if parameter.low is None or parameter.high is None:
        return described
    low, high = parameter.low, parameter.high
    if isinstance(parameter.default, int):
        described.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
    else:
        bounds = FloatingPointRange(from_value=float(low), to_value=float(high))
        described.floating_point_range = [bounds]
    return described
