"""The launch file in the real launch system, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REASON = "the ROS 2 launch system is not installed"
launch = pytest.importorskip("launch", reason=REASON)
pytest.importorskip("launch_ros", reason=REASON)

REPOSITORY = Path(__file__).resolve().parents[2]


def load(name: str) -> Any:
    """The description that a launch file makes, in Python, XML or YAML."""
    from launch.launch_description_sources import (  # noqa: PLC0415
        AnyLaunchDescriptionSource,
    )

    source = AnyLaunchDescriptionSource(str(REPOSITORY / "launch" / name))
    return source.get_launch_description(launch.LaunchContext())


@pytest.fixture
def description() -> Any:
    return load("seg.launch.py")


def visited(entity: Any, context: Any) -> Iterator[Any]:
    """What comes of an entity, included files and groups among it, as far as processes."""
    from launch.actions import ExecuteLocal  # noqa: PLC0415

    yield entity
    if not isinstance(entity, ExecuteLocal):
        for one in entity.visit(context) or []:
            yield from visited(one, context)


def described(description: Any, **given: str) -> tuple[str, list[str]]:
    """The full name of the node, and the words that it would be started with."""
    from launch.utilities import perform_substitutions  # noqa: PLC0415
    from launch_ros.actions import LifecycleNode  # noqa: PLC0415

    context = launch.LaunchContext()
    context.launch_configurations.update(given)
    entities = visited(description, context)
    node = next(one for one in entities if isinstance(one, LifecycleNode))
    node._perform_substitutions(context)
    # Name and namespace are put in when the process starts; they are in the node's full name too.
    context.extend_locals({"ros_specific_arguments": {"name": "", "ns": ""}})
    return node.node_name, [perform_substitutions(context, word) for word in node.cmd[1:]]


class AsRos(yaml.SafeLoader):
    """Reads lists as ROS does, which pays no heed to the tag that launch_ros gives them."""


AsRos.add_constructor("tag:yaml.org,2002:python/tuple", AsRos.construct_sequence)


def parameter_files(command: list[str]) -> list[dict[str, Any]]:
    """The parameters of each file that the node is given, in order."""
    marks = [index for index, word in enumerate(command) if word == "--params-file"]
    files = [yaml.load(Path(command[mark + 1]).read_text(), AsRos) for mark in marks]
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


def test_several_cameras_are_given_as_lists() -> None:
    given = {"image_topics": "/front/image,/rear/image", "network_size": "256x512"}
    name, command = described(load("multi_camera.launch.py"), **given)
    _, overrides = parameter_files(command)
    assert overrides == {**given, "image_topics": ["/front/image", "/rear/image"]}
    assert name == "/segmentation_node"


def test_a_replay_takes_the_time_from_the_bag_and_waits_for_the_node(tmp_path: Path) -> None:
    description = load("replay.launch.py")
    names = {argument.name for argument in description.get_launch_arguments()}
    assert {"bag", "rate", "loop", "image_topic", "rviz"} < names
    given = {"bag": str(tmp_path), "image_topic": "/cam", "rate": "1.0", "loop": "false"}
    _, overrides = parameter_files(described(description, **given)[1])
    assert overrides == {"image_topic": "/cam", "qos": "auto", "use_sim_time": True}


@pytest.mark.parametrize(
    ("file", "parameters"),
    [
        (
            "example.launch.xml",
            {
                "image_topics": ["/front/image_raw", "/rear/image_raw"],
                "camera_names": ["front", "rear"],
                "model": "camvid",
            },
        ),
        (
            "example.launch.yaml",
            {
                "image_topic": "/camera/image_raw",
                "roi": "0.0,0.3,1.0,0.7",
                "class_map": "camvid11_to_drivable",
            },
        ),
    ],
)
def test_the_examples_start_the_node_in_their_namespace(
    file: str, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    substitutions = pytest.importorskip("launch_ros.substitutions", reason=REASON)
    monkeypatch.setattr(
        substitutions.FindPackageShare, "find", lambda self, package_name: str(REPOSITORY)
    )
    name, command = described(load(file))
    assert name == "/perception/segmentation_node"
    assert parameter_files(command)[1] == parameters
