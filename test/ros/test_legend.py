"""The legend of label images, as JSON and as a LabelInfo."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35, Label, LabelSet
from segmentation_node.ros.legend import label_info, legend_json, vision_msgs


def test_the_json_says_id_name_colour_category_and_what_is_ignored() -> None:
    legend = json.loads(legend_json(CAMVID_11))
    assert (legend["name"], legend["ignore_id"]) == ("camvid11", 11)
    assert legend["classes"][3] == {
        "id": 3,
        "name": "Road",
        "color": [128, 64, 128],
        "category": "flat",
        "ignored": False,
    }
    assert legend["classes"][11]["ignored"] is True


def test_ids_are_those_of_the_pixels() -> None:
    legend = json.loads(legend_json(CITYSCAPES_35))
    assert legend["classes"][-1]["name"] == "license plate"
    assert legend["classes"][-1]["id"] == 255


def test_a_label_info_names_every_id() -> None:
    messages = SimpleNamespace(LabelInfo=SimpleNamespace, VisionClass=SimpleNamespace)
    info = label_info(CAMVID_11, messages)
    assert [(one.class_id, one.class_name) for one in info.class_map] == [
        (label.pixel, label.name) for label in CAMVID_11.labels
    ]


def test_no_class_is_listed_where_the_labels_have_none_of_their_own() -> None:
    labels = LabelSet("mask", (Label(0, "other", (0, 0, 0)), Label(255, "road", (255, 255, 255))))
    legend = json.loads(legend_json(labels))
    assert legend["ignore_id"] == 254
    assert [(one["id"], one["ignored"]) for one in legend["classes"]][-1] == (254, True)
    messages = SimpleNamespace(LabelInfo=SimpleNamespace, VisionClass=SimpleNamespace)
    info = label_info(labels, messages)
    assert [one.class_id for one in info.class_map] == [0, 255, 254]


def test_a_label_info_is_the_real_message_where_it_is_installed() -> None:
    messages = pytest.importorskip("vision_msgs.msg", reason="vision_msgs is not installed")
    info = label_info(CAMVID_11, messages)
    assert isinstance(info, messages.LabelInfo)
    assert info.class_map[3].class_name == "Road"


@pytest.mark.parametrize("release", ["none", "old", "new"])
def test_the_package_is_used_where_it_knows_the_message(
    monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    package, messages = ModuleType("vision_msgs"), ModuleType("vision_msgs.msg")
    if release == "new":
        messages.LabelInfo = object  # type: ignore[attr-defined]
    package.msg = messages  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vision_msgs", None if release == "none" else package)
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None if release == "none" else messages)
    assert vision_msgs() is (messages if release == "new" else None)
