from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mistakes.table import Mistake, told

from segmentation_node.config import PARAMETERS, NodeConfig
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.launching import check_arguments, switch
from segmentation_node.ros.parameter_files import check_parameter_file

NODE = "/segmentation_node"
ARGUMENTS = {"seg.launch.py": ("image_topic", "image_topics", "mode", "model")}


class Started:
    """As far as it is asked for unknown names, a node that was given some parameters."""

    def __init__(self, *given: str) -> None:
        self._parameter_overrides = dict.fromkeys(given)

    def has_parameter(self, name: str) -> bool:
        return name in PARAMETERS


def unknown(*given: str) -> str:
    from segmentation_node.ros.parameters import unknown_parameters  # noqa: PLC0415

    started: Any = Started(*given)
    return str(unknown_parameters(started))


def parameter_file(text: str, node: str = NODE) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / "mine.yaml").write_text(text)
        return told(check_parameter_file, folder / "mine.yaml", node)

    return make


def check_network(config: NodeConfig) -> None:
    from segmentation_node.ros import network  # noqa: PLC0415

    network.check_network(config)


def refused(name: str, value: object) -> str:
    return told(PARAMETERS[name].checked, value)


MISTAKES: list[Mistake] = [
    Mistake(
        "misspelt_parameter",
        "unknown names, which nothing reads: modell",
        "The parameter file or the command line gives a parameter that the node does not have.",
        "Correct the name; `ros2 param list` shows those that there are.",
        lambda _: unknown("modell", "precision"),
        also=("correct modell to model",),
    ),
    Mistake(
        "parameter_in_camel_case",
        "unknown names, which nothing reads: imageTopic",
        "Names of parameters are written with underscores.",
        "Write `image_topic`.",
        lambda _: unknown("imageTopic"),
        also=("correct imageTopic to image_topic",),
    ),
    Mistake(
        "parameter_of_another_node",
        "unknown names, which nothing reads: framerate_fps",
        "The parameter file holds a parameter of another node.",
        "Take it out, or move it to that node's part of the file.",
        lambda _: unknown("framerate_fps"),
        also=("ros2 param list",),
    ),
    Mistake(
        "several_misspelt_parameters",
        "nothing reads: engin, precison",
        "Several names in the parameter file are misspelt.",
        "Correct all of them.",
        lambda _: unknown("engin", "precison"),
        also=("engin to engine", "precison to precision"),
    ),
    Mistake(
        "number_as_text",
        "rate_limit: '10'",
        "Quotation marks make a number a text.",
        "Write the number without them.",
        lambda _: refused("rate_limit", "10"),
    ),
    Mistake(
        "switch_as_number",
        "autostart: 1",
        "A switch in a parameter file is `true` or `false`.",
        "Write `true` or `false`.",
        lambda _: refused("autostart", 1),
    ),
    Mistake(
        "fraction_for_a_whole_number",
        "queue_size: 2.5",
        "The parameter counts frames.",
        "Give a whole number.",
        lambda _: refused("queue_size", 2.5),
    ),
    Mistake(
        "negative_rate",
        "rate_limit: -1",
        "A rate cannot be negative; 0 sets no limit.",
        "Give 0 for no limit.",
        lambda _: refused("rate_limit", -1),
    ),
    Mistake(
        "misspelt_mode",
        "mode: 'lates'",
        "The parameter takes one of a few words.",
        "Write one of the words that the message lists.",
        lambda _: refused("mode", "lates"),
        also=("latest, every",),
    ),
    Mistake(
        "misspelt_engine",
        "engine: 'tensor_rt'",
        "The parameter takes one of a few words.",
        "Write one of the words that the message lists.",
        lambda _: refused("engine", "tensor_rt"),
        also=("tensorrt",),
    ),
    Mistake(
        "precision_in_capitals",
        "precision: 'FP16'",
        "Precisions are written in small letters.",
        "Write `fp16`.",
        lambda _: refused("precision", "FP16"),
    ),
    Mistake(
        "overlay_in_percent",
        "overlay_alpha: 50",
        "The opacity of the overlay is a fraction.",
        "Give a number from 0 to 1.",
        lambda _: refused("overlay_alpha", 50),
    ),
    Mistake(
        "one_topic_for_a_list",
        "image_topics: '/front/image'",
        "The parameter is a list.",
        "Write `[/front/image]`, or use `image_topic`.",
        lambda _: refused("image_topics", "/front/image"),
    ),
    Mistake(
        "size_without_a_height",
        "the network size '1024'",
        "A size has a height and a width.",
        "Write it as HEIGHTxWIDTH, such as `512x1024`: 512 high, 1024 wide.",
        lambda _: told(NetworkSize.parse, "1024"),
        also=("512 high, 1024 wide",),
    ),
    Mistake(
        "size_of_nothing",
        "the network size 0x1024",
        "A size is at least one pixel high and wide.",
        "Write it as HEIGHTxWIDTH, such as `512x1024`.",
        lambda _: told(NetworkSize.parse, "0x1024"),
        also=("0 high, 1024 wide",),
    ),
    Mistake(
        "launch_switch_that_is_no_switch",
        "rviz:=maybe",
        "The argument of the launch file is `true` or `false`.",
        "Write `rviz:=true` or `rviz:=false`.",
        lambda _: told(switch, "rviz", "maybe"),
    ),
    Mistake(
        "launch_argument_of_an_unknown_name",
        "the launch argument image_tpic:=, which seg.launch.py does not have",
        "The name of an argument of the launch file is misspelt.",
        "Write the one that the message names; `--show-args` explains them all.",
        lambda _: told(check_arguments, ["seg.launch.py", "image_tpic:=/cam"], ARGUMENTS),
        also=("write image_topic:=",),
    ),
    Mistake(
        "parameter_file_of_another_node",
        "which has parameters for camera_driver and none for this node",
        "The name at the top of the parameter file is not the node's.",
        "Write the node's name with its namespace there, or `/**`.",
        parameter_file("camera_driver:\n  ros__parameters:\n    model: camvid\n"),
        also=("/segmentation_node", "/**"),
    ),
    Mistake(
        "parameter_file_for_the_root_namespace",
        "parameters for segmentation_node and none for this node",
        "A name without a namespace in a parameter file is that of a node without one.",
        "Write `/car/segmentation_node`, or `/**`.",
        parameter_file(
            "segmentation_node:\n  ros__parameters:\n    a: 1\n", "/car/segmentation_node"
        ),
        also=("/car/segmentation_node",),
    ),
    Mistake(
        "parameter_file_without_ros__parameters",
        "mine.yaml without ros__parameters",
        "The parameters stand at the top of the file.",
        "Put the name of the node above them, and `ros__parameters` between both.",
        parameter_file("model: camvid\nmode: every\n"),
        also=("/**",),
    ),
    Mistake(
        "parameter_file_with_a_tab",
        "mine.yaml, unreadable",
        "YAML is indented with blanks, not with tabs.",
        "Replace the tabs by blanks.",
        parameter_file("segmentation_node:\n\tros__parameters:\n"),
        also=("line 2",),
    ),
    Mistake(
        "parameter_file_that_is_not_there",
        "no file at",
        "The path of the parameter file is misspelt.",
        "Correct the path.",
        lambda folder: told(check_parameter_file, folder / "mine.yaml", NODE),
        also=("mine.yaml",),
    ),
    Mistake(
        "int8_of_a_network_without_it",
        "the precision 'int8' for rendered.onnx",
        "INT8 is a file of its own, which has to be made from images of the camera.",
        "Run the command that the message names, or ask for `auto`.",
        lambda _: told(check_network, NodeConfig(model="rendered", precision="int8")),
        also=("segmentation quantize --model rendered",),
    ),
    Mistake(
        "a_size_that_the_network_cannot_take",
        "the network size 500x1000",
        "Height and width must be multiples of what the network shrinks them by.",
        "Ask for the size that the message names.",
        lambda _: told(check_network, NodeConfig(network_size="500x1000")),
        also=("512x1024",),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)
