"""Parameter files of another node, and those that ROS does not take."""

from __future__ import annotations

from pathlib import Path

import pytest
from dds import Program

from segmentation_node.errors import ConfigError
from segmentation_node.ros.parameter_files import check_parameter_file, parameter_files

NODE = ("-m", "segmentation_node.ros.node", "--ros-args", "--params-file")
BELOW = ":\n  ros__parameters:\n    autostart: false\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("top", "node"),
    [
        ("segmentation_node", "/segmentation_node"),
        ("/segmentation_node", "/segmentation_node"),
        ("/**", "/segmentation_node"),
        ("/**", "/car/front/segmentation_node"),
        ("/**/segmentation_node", "/segmentation_node"),
        ("/**/segmentation_node", "/car/segmentation_node"),
        ("/*/segmentation_node", "/car/segmentation_node"),
        ("/car/*", "/car/segmentation_node"),
        ("car/segmentation_node", "/car/segmentation_node"),
    ],
)
def test_names_fit_a_node_as_ros_reads_them(tmp_path: Path, top: str, node: str) -> None:
    check_parameter_file(written(tmp_path, f'"{top}"{BELOW}'), node)


@pytest.mark.parametrize(
    ("top", "node"),
    [
        ("segmentation", "/segmentation_node"),
        ("segmentation_node", "/car/segmentation_node"),
        ("/*/segmentation_node", "/segmentation_node"),
        ("/*", "/car/segmentation_node"),
        ("segmentation.node", "/segmentation_node"),
    ],
)
def test_a_file_without_the_node_is_refused_with_both_names(
    tmp_path: Path, top: str, node: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_parameter_file(written(tmp_path, f'"{top}"{BELOW}'), node)
    assert f"parameters for {top} and none for this node" in str(caught.value)
    assert f"expected {node} at its top" in str(caught.value)


def test_a_namespace_may_be_written_above_the_name(tmp_path: Path) -> None:
    text = "car:\n  segmentation_node:\n    ros__parameters:\n      mode: every\n"
    check_parameter_file(written(tmp_path, text), "/car/segmentation_node")


def test_all_files_of_a_command_line_are_found() -> None:
    words = ["node", "--ros-args", "--params-file", "a.yaml", "-r", "a:=b", "--params-file", "b"]
    assert parameter_files(words) == (Path("a.yaml"), Path("b"))


@pytest.mark.dds
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("segmentation_node:\n  ros__parameters:\n    model: [camvid\n", "mine.yaml, unreadable"),
        ("segmentation_node:\n  model: camvid\n", "mine.yaml without ros__parameters"),
        ("segmentation_node:\n\tros__parameters:\n", "mine.yaml, unreadable"),
        (None, "no file at"),
    ],
    ids=["half a list", "no ros__parameters", "a tab", "no file"],
)
def test_a_broken_file_ends_the_node_with_one_sentence(
    tmp_path: Path, domain_id: int, text: str | None, said: str
) -> None:
    path = tmp_path / "mine.yaml" if text is None else written(tmp_path, text)
    with Program(*NODE, str(path), domain_id=domain_id) as node:
        assert node.wait() == 1
    assert node.lines[-1].startswith("error: received ")
    assert said in node.lines[-1]
    assert "Traceback" not in node.output


@pytest.mark.dds
def test_arguments_that_ros_does_not_take_are_one_sentence(domain_id: int) -> None:
    words = ("-m", "segmentation_node.ros.node", "--ros-args", "-p", "model")
    with Program(*words, domain_id=domain_id) as node:
        assert node.wait() == 1
    assert "arguments that ROS does not take" in node.lines[-1]
    assert "Traceback" not in node.output


@pytest.mark.dds
def test_a_file_of_another_node_is_warned_of(tmp_path: Path, domain_id: int) -> None:
    path = written(tmp_path, f"camera_driver{BELOW}")
    words = (*NODE, str(path), "-p", "autostart:=false")
    with Program(*words, domain_id=domain_id) as node:
        assert "none for this node" in node.wait_for_line(r"\[WARN\].*camera_driver")
        assert node.stop() == 0
