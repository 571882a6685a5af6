from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mistakes.table import Mistake, told

from segmentation_node.config import PARAMETERS
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.launching import switch


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
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)
