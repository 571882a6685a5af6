"""What the launch file decides, with stand-ins for the launch system."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import launch_stand_in as stand_in
import pytest
import yaml

from segmentation_node.config import PARAMETERS
from segmentation_node.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
FILE = REPOSITORY / "launch" / "seg.launch.py"
SEG_YAML = REPOSITORY / "config" / "seg.yaml"
OWN = {"params_file", "namespace", "rviz", "log_level"}
ROS2_LAUNCH = ["/opt/ros/jazzy/bin/ros2", "launch", "segmentation_node"]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seg_launch", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def launch_file(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    stand_in.install(monkeypatch)
    file = load()
    monkeypatch.setattr(file, "require_rviz", lambda: None)
    return file


def defaults(launch_file: ModuleType) -> dict[str, str]:
    declared = launch_file.declare_arguments()
    return {one.words[0]: one.options["default_value"] for one in declared}


def started(launch_file: ModuleType, **given: str) -> list[Any]:
    """The actions of a launch with some arguments given and all others at their default."""
    return launch_file.start(stand_in.context(**{**defaults(launch_file), **given}))


def the(kind: str, actions: list[Any]) -> Any:
    [found] = [one for one in actions if type(one).__name__ == kind]
    return found


def test_every_argument_is_one_of_the_node_or_of_the_launch_itself(
    launch_file: ModuleType,
) -> None:
    names = set(defaults(launch_file)) - OWN
    assert names <= {*PARAMETERS, "use_sim_time"}
    assert {"image_topic", "image_transport", "model", "engine", "precision"} < names
    assert {"network_size", "use_sim_time", "autostart"} < names


def test_every_argument_says_what_it_does(launch_file: ModuleType) -> None:
    assert all(one.options["description"] for one in launch_file.declare_arguments())


def test_arguments_have_the_types_of_their_parameters(launch_file: ModuleType) -> None:
    assert all(isinstance(PARAMETERS[name].default, str) for name in launch_file.TEXTS)
    assert all(isinstance(PARAMETERS[name].default, tuple) for name in launch_file.LISTS)
    assert isinstance(PARAMETERS["autostart"].default, bool)


@pytest.mark.parametrize("document", ["README.md", "docs/dds.md"])
def test_the_documents_use_only_arguments_that_exist(
    launch_file: ModuleType, document: str
) -> None:
    text = (REPOSITORY / document).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if "seg.launch.py" in line]
    used = {name for line in lines for name in re.findall(r"(\w+):=", line)}
    assert used <= set(defaults(launch_file))


def test_nothing_given_leaves_the_parameter_file_alone(launch_file: ModuleType) -> None:
    node = the("LifecycleNode", started(launch_file))
    assert node.options["parameters"] == [str(SEG_YAML)]


def test_the_default_parameter_file_holds_the_nodes_parameters() -> None:
    parameters = yaml.safe_load(SEG_YAML.read_text())["/**"]["ros__parameters"]
    assert set(parameters) == set(PARAMETERS)


def test_what_is_given_overrides_the_parameter_file(launch_file: ModuleType) -> None:
    node = the("LifecycleNode", started(launch_file, model="rendered", autostart="False"))
    assert node.options["parameters"] == [str(SEG_YAML), {"model": "rendered", "autostart": False}]


@pytest.mark.parametrize(
    "typed", ["/a/image,/b/image", " [/a/image, /b/image] ", "['/a/image','/b/image',]"]
)
def test_lists_are_read_as_they_are_typed(launch_file: ModuleType, typed: str) -> None:
    node = the("LifecycleNode", started(launch_file, image_topics=typed))
    assert node.options["parameters"][1] == {"image_topics": ["/a/image", "/b/image"]}


def test_rviz_shows_the_first_of_several_cameras(launch_file: ModuleType) -> None:
    given = {"rviz": "true", "namespace": "car", "image_topics": "/front/image,rear/image"}
    remapped = dict(the("Node", started(launch_file, **given)).options["remappings"])
    assert remapped == {
        "/segmentation_node/color": "/car/segmentation_node/front/color",
        "/segmentation_node/overlay": "/car/segmentation_node/front/overlay",
        "/segmentation_node/legend_image": "/car/segmentation_node/legend_image",
        "/camera/image_raw": "/front/image",
    }


def test_another_parameter_file_takes_the_place_of_the_default(
    launch_file: ModuleType, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("/**:\n  ros__parameters:\n    mode: every\n")
    node = the("LifecycleNode", started(launch_file, params_file=str(mine)))
    assert node.options["parameters"] == [str(mine)]


def test_a_missing_parameter_file_is_an_error(launch_file: ModuleType) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        started(launch_file, params_file="/nowhere.yaml")


def test_a_switch_that_is_neither_true_nor_false_is_an_error(launch_file: ModuleType) -> None:
    with pytest.raises(ConfigError, match="autostart:=maybe"):
        started(launch_file, autostart="maybe")


def test_the_log_level_reaches_the_nodes_own_logger(launch_file: ModuleType) -> None:
    node = the("LifecycleNode", started(launch_file, namespace="front", log_level="debug"))
    assert "front.segmentation_node:=debug" in node.options["arguments"]


def test_rviz_starts_only_when_asked_for(launch_file: ModuleType) -> None:
    assert not [one for one in started(launch_file) if type(one).__name__ == "Node"]
    rviz = the("Node", started(launch_file, rviz="true"))
    assert rviz.options["arguments"] == ["-d", str(REPOSITORY / "config" / "seg.rviz")]


def test_without_rviz_nothing_starts(
    launch_file: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("ament_index_python")
    monkeypatch.setattr(launch_file, "require_rviz", load().require_rviz)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    with pytest.raises(ConfigError, match="sudo apt install ros-jazzy-rviz2"):
        started(launch_file, rviz="true")
    started(launch_file, rviz="false")
    marker = tmp_path / "share" / "ament_index" / "resource_index" / "packages" / "rviz2"
    marker.parent.mkdir(parents=True)
    marker.touch()
    assert the("Node", started(launch_file, rviz="true"))


@pytest.mark.parametrize(
    ("given", "camera", "color"),
    [
        ({"image_topic": "/cam"}, "/cam", "/segmentation_node/color"),
        ({"image_topic": "cam", "namespace": "a"}, "/a/cam", "/a/segmentation_node/color"),
        ({"image_topic": "cam", "namespace": "a", "ros_namespace": "/b"}, "/b/a/cam", None),
        ({"image_topic": "cam", "namespace": "/a", "ros_namespace": "/b"}, "/a/cam", None),
    ],
)
def test_rviz_sees_the_topics_of_this_launch(
    launch_file: ModuleType, given: dict[str, str], camera: str, color: str | None
) -> None:
    remapped = dict(the("Node", started(launch_file, rviz="true", **given)).options["remappings"])
    assert remapped["/camera/image_raw"] == camera
    if color is not None:
        assert remapped["/segmentation_node/color"] == color


def test_what_rviz_shows_can_be_remapped(launch_file: ModuleType) -> None:
    displays = yaml.safe_load((REPOSITORY / "config" / "seg.rviz").read_text())
    shown = {one["Topic"]["Value"] for one in displays["Visualization Manager"]["Displays"]}
    rviz = the("Node", started(launch_file, rviz="true", image_topic="/cam"))
    assert shown == {source for source, _ in rviz.options["remappings"]}


def test_rviz_asks_for_the_legend_as_the_node_keeps_it() -> None:
    displays = yaml.safe_load((REPOSITORY / "config" / "seg.rviz").read_text())
    topics = [one["Topic"] for one in displays["Visualization Manager"]["Displays"]]
    asked = {one["Value"].split("/")[-1]: one["Durability Policy"] for one in topics}
    assert asked == {
        "image_raw": "Volatile",
        "color": "Volatile",
        "overlay": "Volatile",
        "legend_image": "Transient Local",
    }


def test_everything_launched_gets_the_settings_for_images(launch_file: ModuleType) -> None:
    actions = started(launch_file)
    words = dict(one.words for one in actions if type(one).__name__ == "SetEnvironmentVariable")
    assert words["FASTRTPS_DEFAULT_PROFILES_FILE"].startswith(str(REPOSITORY / "config"))
    assert "MALLOC_TRIM_THRESHOLD_" in words
    node = the("LifecycleNode", actions)
    assert actions.index(node) >= len(words)  # set before the node starts


def test_settings_of_the_users_environment_win(launch_file: ModuleType) -> None:
    given = stand_in.context({"RMW_IMPLEMENTATION": "rmw_zenoh_cpp"}, **defaults(launch_file))
    kinds = {one.words[0] for one in launch_file.start(given) if one.words}
    assert "FASTRTPS_DEFAULT_PROFILES_FILE" not in kinds


def test_the_file_is_not_executable_by_mistake() -> None:
    assert not os.access(FILE, os.X_OK)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_a_terminal_gets_colours(
    launch_file: ModuleType, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    node = the("LifecycleNode", started(launch_file))
    assert node.options["emulate_tty"] is is_terminal


def test_a_parameter_file_of_another_node_is_an_error(
    launch_file: ModuleType, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("segmentation_node:\n  ros__parameters:\n    mode: every\n")
    assert started(launch_file, params_file=str(mine))
    with pytest.raises(ConfigError, match="expected /car/segmentation_node at its top"):
        started(launch_file, params_file=str(mine), namespace="car")


@pytest.mark.parametrize(
    ("file", "typed", "near"),
    [
        ("seg.launch.py", "image_tpic:=/cam", "image_topic:="),
        ("multi_camera.launch.py", "image_topic_s:=/a,/b", "image_topics:="),
        ("replay.launch.py", "bags:=drive.mcap", "bag:="),
        ("seg.launch.py", "bag:=drive.mcap", "--show-args"),
    ],
)
def test_an_argument_of_an_unknown_name_is_refused(
    launch_file: ModuleType, monkeypatch: pytest.MonkeyPatch, file: str, typed: str, near: str
) -> None:
    monkeypatch.setattr("sys.argv", [*ROS2_LAUNCH, file, "mode:=every"])
    assert started(launch_file)
    monkeypatch.setattr("sys.argv", [*ROS2_LAUNCH, file, "mode:=every", typed])
    with pytest.raises(ConfigError, match=re.escape(f"{file} does not have")) as caught:
        started(launch_file)
    assert near in caught.value.fix


def test_a_launch_file_that_includes_this_one_may_have_arguments_of_its_own(
    launch_file: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [*ROS2_LAUNCH, "/ws/car.launch.py", "camera_name:=front"])
    assert started(launch_file)


def test_the_known_arguments_are_those_that_the_launch_files_declare(
    launch_file: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = set(defaults(launch_file))
    assert names == {*launch_file.TEXTS, *launch_file.LISTS, *launch_file.SWITCHES, *OWN}
    replay = (FILE.parent / "replay.launch.py").read_text(encoding="utf-8")
    declared = re.findall(r'DeclareLaunchArgument\(\s*"(\w+)"', replay)
    assert set(declared) - names == set(launch_file.OF_REPLAY)
