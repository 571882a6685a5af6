"""The launch file in the real launch system, where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

REASON = "the ROS 2 launch system is not installed"
launch = pytest.importorskip("launch", reason=REASON)
pytest.importorskip("launch_ros", reason=REASON)

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def description() -> Any:
    from launch.launch_description_sources import (  # noqa: PLC0415
        get_launch_description_from_python_launch_file,
    )

    file = REPOSITORY / "launch" / "seg.launch.py"
    return get_launch_description_from_python_launch_file(str(file))


def described(description: Any, **given: str) -> tuple[str, list[str]]:
    """The full name of the node, and the words that it would be started with."""
    from launch.utilities import perform_substitutions  # noqa: PLC0415
    from launch_ros.actions import LifecycleNode  # noqa: PLC0415

    context = launch.LaunchContext()
    context.launch_configurations.update(given)
    actions = [action for entity in description.entities for action in entity.visit(context) or []]
    [node] = [one for one in actions if isinstance(one, LifecycleNode)]
    node._perform_substitutions(context)
    # Name and namespace are put in when the process starts; they are in the node's full name too.
    context.extend_locals({"ros_specific_arguments": {"name": "", "ns": ""}})
    return node.node_name, [perform_substitutions(context, word) for word in node.cmd[1:]]


def parameter_files(command: list[str]) -> list[dict[str, Any]]:
    """The parameters of each file that the node is given, in order."""
    marks = [index for index, word in enumerate(command) if word == "--params-file"]
    files = [yaml.safe_load(Path(command[mark + 1]).read_text()) for mark in marks]
    return [next(iter(one.values()))["ros__parameters"] for one in files]


def test_every_argument_is_shown(description: Any) -> None:
    names = {argument.name for argument in description.get_launch_arguments()}
    assert {"image_topic", "model", "params_file", "namespace", "rviz", "autostart"} < names


def test_the_node_gets_the_default_file_and_nothing_else(description: Any) -> None:
    name, command = described(description)
    [parameters] = parameter_files(command)
    assert parameters["image_topic"] == "/camera/image_raw"
    assert name == "/segmentation_node"


def test_what_is_given_comes_after_the_file_with_its_own_type(description: Any) -> None:
    given = {"precision": "fp32", "network_size": "256x512", "autostart": "false"}
    _, overrides = parameter_files(described(description, **given)[1])
    assert overrides == {**given, "autostart": False}


def test_a_pushed_namespace_goes_before_its_own(description: Any) -> None:
    name, command = described(description, ros_namespace="/car", namespace="front")
    assert name == "/car/front/segmentation_node"
    assert "car.front.segmentation_node:=info" in command
