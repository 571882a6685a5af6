"""What the launch file of a replay decides, with stand-ins for the launch system."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import launch_stand_in as stand_in
import pytest
from small_bags import write_bag
from typer.testing import CliRunner

from segmentation_node.cli import play as play_command
from segmentation_node.cli.app import app
from segmentation_node.errors import ConfigError, TransportError
from segmentation_node.ros.play_options import parse

FOLDER = Path(__file__).resolve().parents[2] / "launch"


@pytest.fixture
def launch_file(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    stand_in.install(monkeypatch)
    spec = importlib.util.spec_from_file_location("replay_launch", FOLDER / "replay.launch.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def waiting(launch_file: ModuleType, **given: str) -> tuple[Any, Any]:
    """What is waited for, and what happens once it has ended, with some arguments given."""
    declared = launch_file.declare_arguments()
    defaults = {one.words[0]: one.options.get("default_value", "") for one in declared}
    registered, waited = launch_file.player(stand_in.context(**{**defaults, **given}))
    [handler] = registered.words
    assert handler.options["target_action"] is waited
    return waited, handler.options["on_exit"]


def play(launch_file: ModuleType, **given: str) -> tuple[Any, Any]:
    """What is waited for, and the player, of a launch with some arguments given."""
    waited, begin = waiting(launch_file, **given)
    [process] = begin(ended(0), stand_in.context())
    return waited, process


def ended(status: int) -> Any:
    return SimpleNamespace(returncode=status)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "/segmentation_node"),
        ({"namespace": "car"}, "/car/segmentation_node"),
        ({"namespace": "car", "ros_namespace": "/a"}, "/a/car/segmentation_node"),
        ({"namespace": "/car", "ros_namespace": "/a"}, "/car/segmentation_node"),
    ],
)
def test_the_bag_begins_once_the_node_is_active(
    launch_file: ModuleType, tmp_path: Path, given: dict[str, str], name: str
) -> None:
    waited, _ = play(launch_file, bag=str(tmp_path), **given)
    python, dash_m, module, node = waited.options["cmd"]
    assert (python, dash_m, node) == (sys.executable, "-m", name)
    assert importlib.util.find_spec(module) is not None


def test_without_ros2_bag_the_packages_own_player_plays(
    launch_file: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_file, "find_spec", lambda _: None)
    _, process = play(launch_file, bag=str(tmp_path), rate="0.5", loop="true")
    program, *words = process.options["cmd"]
    assert program.options == {"package": "segmentation_node", "executable": "segmentation"}
    heard: list[str] = []

    def run(asked: list[str]) -> dict[str, Any]:
        heard.extend(asked)
        return {"sent": 0, "late_ms": {"max": 0.0}}

    monkeypatch.setattr(play_command, "_run", run)
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    options = parse(heard)
    assert (options.bag, options.clock, options.settings.rate) == (tmp_path, True, 0.5)
    assert options.settings.loop


def test_ros2_bag_plays_where_it_is_installed(
    launch_file: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_file, "find_spec", lambda _: object())
    _, process = play(launch_file, bag=str(tmp_path))
    assert process.options["cmd"] == [
        *("ros2", "bag", "play", str(tmp_path), "--clock", "--rate", "1.0")
    ]


@pytest.mark.parametrize(("asked", "count"), [("false", 0), ("True", 1), ("yes", 1)])
def test_the_end_of_the_bag_ends_the_rest_where_that_is_asked_for(
    launch_file: ModuleType, tmp_path: Path, asked: str, count: int
) -> None:
    _, process = play(launch_file, bag=str(tmp_path), shutdown_at_end=asked)
    # An empty list would end the launch with an exception where the bag ends.
    assert process.options["on_exit"] is None if count == 0 else process.options["on_exit"]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"bag": "/nowhere.mcap"}, r"bag:=/nowhere\.mcap"), ({"loop": "maybe"}, "loop:=maybe")],
)
def test_what_cannot_be_is_refused(
    launch_file: ModuleType, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        play(launch_file, **{"bag": str(tmp_path), **given})


@pytest.mark.parametrize("status", [1, -11, 2])
def test_the_launch_ends_where_the_program_that_waits_for_the_node_crashes(
    launch_file: ModuleType, tmp_path: Path, status: int
) -> None:
    _, begin = waiting(launch_file, bag=str(tmp_path))
    with pytest.raises(TransportError, match=f"exit status {status} from.*doctor"):
        begin(ended(status), stand_in.context())


@pytest.mark.parametrize("status", [0, 1, -2])
def test_a_launch_that_is_ending_begins_nothing_and_complains_of_nothing(
    launch_file: ModuleType, tmp_path: Path, status: int
) -> None:
    _, begin = waiting(launch_file, bag=str(tmp_path))
    context = stand_in.context()
    context.is_shutdown = True
    assert begin(ended(status), context) == []


def test_what_cannot_be_played_is_refused_before_anything_runs(
    launch_file: ModuleType, tmp_path: Path
) -> None:
    described = launch_file.generate_launch_description()
    names = [type(one).__name__ for one in described]
    first, include = names.index("OpaqueFunction"), names.index("IncludeLaunchDescription")
    assert first < include
    with pytest.raises(ConfigError, match=r"bag:=/nowhere\.mcap"):
        described[first].options["function"](stand_in.context(bag="/nowhere.mcap"))
    with pytest.raises(ConfigError, match="shutdown_at_end:=perhaps"):
        described[first].options["function"](
            stand_in.context(bag=str(tmp_path), shutdown_at_end="perhaps")
        )


@pytest.mark.parametrize(
    ("given", "topic"),
    [
        ({"image_topic": "/camera/image_ra"}, "/camera/image_ra"),
        ({"image_topics": "/camera/image_raw,/rear/image"}, "/rear/image"),
        ({"image_topic": "image_raw", "namespace": "car"}, "/car/image_raw"),
        ({"image_transport": "compressed"}, "/camera/image_raw/compressed"),
    ],
)
def test_a_bag_without_the_topic_is_refused_before_anything_starts(
    launch_file: ModuleType, tmp_path: Path, given: dict[str, str], topic: str
) -> None:
    bag = write_bag(tmp_path / "drive.mcap", compressed=False)
    declared = launch_file.declare_arguments()
    values = {one.words[0]: one.options.get("default_value", "") for one in declared}
    context = {**values, "bag": str(bag)}
    assert launch_file.check_arguments(stand_in.context(**context)) == []
    with pytest.raises(ConfigError, match=rf"without images on {topic}; .*/camera/image_raw"):
        launch_file.check_arguments(stand_in.context(**context, **given))
    # A parameter file may name any topic.
    context["params_file"] = "mine.yaml"
    assert launch_file.check_arguments(stand_in.context(**context)) == []


def test_a_bag_of_compressed_images_says_how_to_take_them(
    launch_file: ModuleType, tmp_path: Path
) -> None:
    given = {"bag": str(write_bag(tmp_path / "drive.mcap")), "image_topic": "/camera/image_raw"}
    values = {**given, "loop": "false", "shutdown_at_end": "false", "rate": "1"}
    with pytest.raises(ConfigError) as caught:
        launch_file.check_arguments(stand_in.context(**values))
    assert caught.value.fix == "say image_topic:=/camera/image_raw image_transport:=compressed"
    values["image_transport"] = "compressed"
    assert launch_file.check_arguments(stand_in.context(**values)) == []
