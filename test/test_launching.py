"""What the launch files share: arguments as users write them, names as namespaces make them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.launching import Context, absolute_name, given, switch


def context(arguments: dict[str, str]) -> Context:
    return SimpleNamespace(launch_configurations=arguments)


def test_an_argument_is_read_without_blanks_and_may_be_missing() -> None:
    assert given(context({"roi": " 0,0,8,8 "}), "roi") == "0,0,8,8"
    assert given(context({}), "roi") == ""


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("On", True), ("1", True), ("False", False), ("no", False)]
)
def test_truth_is_read_as_ros_users_write_it(text: str, value: bool) -> None:
    assert switch("loop", text) is value


@pytest.mark.parametrize("text", ["", "maybe"])
def test_what_is_neither_true_nor_false_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="fix: loop:=true or loop:=false"):
        switch("loop", text)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({}, "/seg/labels"),
        ({"namespace": "car"}, "/car/seg/labels"),
        ({"namespace": "car", "ros_namespace": "/a"}, "/a/car/seg/labels"),
        ({"namespace": "/car/", "ros_namespace": "/a"}, "/car/seg/labels"),
    ],
)
def test_names_stand_under_the_pushed_namespace_and_the_nodes_own(
    arguments: dict[str, str], name: str
) -> None:
    assert absolute_name(context(arguments), "seg/labels") == name
