"""ROS parameters: described to tools, refused in a sentence, and mended without a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from segmentation_node.config import PARAMETERS, NodeConfig, PipelineConfig
from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.ros.parameters import NodeParameters, unknown_parameters

pytestmark = pytest.mark.dds


class Parameterised:
    """A node with our parameters, as it was started with some of them given."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.configured = False
        self.live: list[NodeConfig] = []
        self.networks: list[PipelineConfig] = []
        self.parameters = NodeParameters(
            node, lambda: self.configured, self.live.append, self.check_network
        )

    def check_network(self, config: NodeConfig) -> None:
        if config.model == "faulty":
            raise ModelError("the model 'faulty'", "a sound one", "choose another")
        if config.model == "broken":
            raise RuntimeError("what nobody thought of")
        self.networks.append(config.network)

    def set(self, name: str, value: object) -> str:
        """Set one parameter; the reason of a refusal, or nothing."""
        result = self.node.set_parameters([RosParameter(name, value=value)])[0]
        return "" if result.successful else str(result.reason)


Start = Callable[..., Parameterised]


@pytest.fixture
def start(domain_id: int) -> Iterator[Start]:
    context = rclpy.Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    nodes: list[Node] = []

    def start_one(**given: object) -> Parameterised:
        overrides = [RosParameter(name, value=value) for name, value in given.items()]
        node = Node("parameterised", context=context, parameter_overrides=overrides)
        nodes.append(node)
        return Parameterised(node)

    yield start_one
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


def test_with_nothing_given_the_configuration_is_the_default(start: Start) -> None:
    assert start().parameters.read() == NodeConfig()


def test_given_values_are_read_and_a_whole_number_is_taken_for_a_float(start: Start) -> None:
    given = start(model="rendered", queue_size=3, deadline_ms=50, autostart=False)
    expected = NodeConfig(model="rendered", queue_size=3, deadline_ms=50.0, autostart=False)
    assert given.parameters.read() == expected


def test_every_parameter_is_described_with_unit_and_range(start: Start) -> None:
    node = start().node
    for name, parameter in PARAMETERS.items():
        described = node.describe_parameter(name)
        assert parameter.description in described.description
        assert parameter.unit in described.description
        assert described.additional_constraints == parameter.expected
        assert described.read_only == parameter.read_only
    queue = node.describe_parameter("queue_size").integer_range[0]
    assert (queue.from_value, queue.to_value) == (1, 1000)
    period = node.describe_parameter("diagnostics_period_s").floating_point_range[0]
    assert (period.from_value, period.to_value) == (0.1, 60.0)


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("queue_size", "many", 5),
        ("queue_size", 0, 5),
        ("deadline_ms", -1.0, 20.0),
        ("mode", "sometimes", "every"),
        ("model", 7, "rendered"),
        ("network_size", "512", "512x1024"),
        ("autostart", "yes", False),
        ("image_topic", "a b", "/cam"),
    ],
)
def test_a_wrong_value_at_the_start_is_refused_until_it_is_mended(
    start: Start, name: str, wrong: object, right: object
) -> None:
    started = start(**{name: wrong})
    with pytest.raises(ConfigError, match=name):
        started.parameters.read()
    assert started.set(name, right) == ""
    assert getattr(started.parameters.read(), name) == right


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("queue_size", "many"), ("queue_size", 0), ("mode", "sometimes"), ("deadline_ms", 1e9)],
)
def test_a_wrong_value_set_later_is_refused_and_the_old_one_stays(
    start: Start, name: str, wrong: object
) -> None:
    started = start()
    assert started.set(name, wrong) != ""
    assert started.parameters.read() == NodeConfig()


def test_autostart_can_only_be_given_at_the_start(start: Start) -> None:
    assert "read-only" in start().set("autostart", False)


def test_while_configured_only_live_parameters_can_be_changed(start: Start) -> None:
    started = start()
    started.configured = True
    assert "configure again" in started.set("mode", "every")
    assert "configure again" in started.set("image_topics", ["/a", "/b"])
    assert started.set("mode", "latest") == ""  # no change
    assert started.set("deadline_ms", 12.0) == ""
    assert started.live == [NodeConfig(deadline_ms=12.0)]
    started.configured = False
    assert started.set("mode", "every") == ""


def test_another_network_is_checked_before_it_is_accepted_while_configured(start: Start) -> None:
    started = start()
    assert started.set("model", "faulty") == ""  # found when it is configured
    assert started.set("model", "camvid") == ""
    started.configured = True
    assert "a sound one" in started.set("model", "faulty")
    assert started.set("model", "camvid") == ""  # no change, no check
    assert started.networks == []
    changes = [RosParameter("model", value="rendered"), RosParameter("roi", value="1,2,3,4")]
    assert started.node.set_parameters_atomically(changes).successful
    assert started.networks == [PipelineConfig(model="rendered", roi="1,2,3,4")]
    assert started.live[-1] == NodeConfig(model="rendered", roi="1,2,3,4")


def test_a_fault_in_a_check_refuses_the_change_and_ends_nothing(start: Start) -> None:
    started = start()
    started.configured = True
    assert "what nobody thought of" in started.set("model", "broken")
    assert started.parameters.read() == NodeConfig()
    assert started.set("deadline_ms", 12.0) == ""


def test_what_runs_is_stored_after_a_network_could_not_be_loaded(start: Start) -> None:
    started = start(model="rendered", network_size="64x96")
    started.parameters.store(PipelineConfig(model="rendered"))
    assert started.parameters.read() == NodeConfig(model="rendered")


@pytest.mark.parametrize("given", [{}, {"image_topics": [""]}])
def test_no_list_is_one_empty_text(start: Start, given: dict[str, object]) -> None:
    started = start(**given)
    assert started.parameters.read().image_topics == ("",)
    assert started.node.get_parameter("image_topics").value == [""]


def test_lists_are_read_as_they_stand(start: Start) -> None:
    started = start(image_topics=["/front/image", "/rear/image"])
    assert started.parameters.read().image_topics == ("/front/image", "/rear/image")
    assert started.set("camera_names", ["a", "b"]) == ""
    assert started.parameters.read().camera_names == ("a", "b")
    assert "camera_names" in started.set("camera_names", ["a b"])


def test_parameters_of_others_are_none_of_our_business(start: Start) -> None:
    started = start()
    started.configured = True
    assert started.set("use_sim_time", True) == ""


def test_names_that_no_parameter_has_are_warned_of_with_the_nearest(start: Start) -> None:
    given = start(modell="rendered", roy="1,2,3,4")
    said = unknown_parameters(given.node)
    assert "nothing reads: modell, roy; " in said
    assert "correct modell to model" in said
    assert given.parameters.read() == NodeConfig()


def test_parameters_that_ros_gives_to_every_node_are_taken(start: Start) -> None:
    name = "qos_overrides./camera/image_raw.subscription.depth"
    assert start(**{name: 5, "use_sim_time": False}).parameters.read() == NodeConfig()


def test_every_description_says_when_the_parameter_can_be_changed(start: Start) -> None:
    node = start().node
    for name, parameter in PARAMETERS.items():
        described = node.describe_parameter(name).description
        assert ("Can be changed while the node runs." in described) == parameter.live
        assert ("Can only be given at the start." in described) == parameter.read_only


@pytest.mark.skipif(
    not hasattr(Node, "add_pre_set_parameters_callback"), reason="rclpy of Humble cannot"
)
def test_a_whole_number_is_set_where_a_float_is_wanted(start: Start) -> None:
    started = start()
    assert started.set("rate_limit", 10) == ""
    assert started.parameters.read().rate_limit == 10.0
    assert "rate_limit" in started.set("rate_limit", -1)
    assert started.set("rate_limit", True)
