"""Which images are made: those that someone listens to, and that are not switched off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from std_msgs.msg import Header

from segmentation_node.cameras import Camera
from segmentation_node.config import NodeConfig
from segmentation_node.core.window import Window
from segmentation_node.pipeline.buffers import Outputs
from segmentation_node.ros.image_output import ImageOutput
from segmentation_node.ros.output_slot import OutputSlot


class Topic:
    """A publisher whose listeners a test counts."""

    def __init__(self) -> None:
        self.listeners = 0
        self.sent: list[Any] = []

    def get_subscription_count(self) -> int:
        return self.listeners

    def publish(self, message: Any) -> None:
        self.sent.append(message)


class Node:
    """As much of a node as an output needs."""

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}

    def create_lifecycle_publisher(self, _: type, name: str, __: Any) -> Topic:
        return self.topics.setdefault(name, Topic())

    def resolve_topic_name(self, name: str, *, only_expand: bool = False) -> str:
        return name.replace("~", "/node")

    def destroy_lifecycle_publisher(self, topic: Topic) -> None:
        self.topics = {name: one for name, one in self.topics.items() if one is not topic}


@pytest.fixture
def node() -> Node:
    return Node()


CASES = [
    ("~/labels", {}, Outputs(color=False)),
    ("~/color", {}, Outputs(color=True)),
    ("~/color/compressed", {}, Outputs(color=True)),
    ("~/overlay", {}, Outputs(color=False, overlay=True)),
    ("~/overlay/compressed", {"overlay_alpha": 0.25}, Outputs(False, True, alpha=0.25)),
    ("~/confidence", {}, Outputs(color=False, confidence=True)),
    ("~/color", {"publish_color": False}, Outputs(color=False)),
    ("~/color/compressed", {"publish_color": False}, Outputs(color=False)),
    ("~/color/compressed", {"publish_compressed": False}, Outputs(color=False)),
    ("~/color", {"publish_compressed": False}, Outputs(color=True)),
    ("~/overlay", {"publish_overlay": False}, Outputs(color=False)),
    ("~/confidence", {"publish_confidence": False}, Outputs(color=False)),
]


@pytest.mark.parametrize(("topic", "parameters", "wanted"), CASES)
def test_what_is_wanted_is_what_someone_listens_to_and_nobody_switched_off(
    node: Node, topic: str, parameters: dict[str, Any], wanted: Outputs
) -> None:
    output = ImageOutput(node, Camera("", NodeConfig()))
    assert output.wanted == Outputs(color=False)
    node.topics[topic].listeners = 1
    output.adjust(replace(NodeConfig(), **parameters))
    assert output.wanted == replace(wanted, alpha=parameters.get("overlay_alpha", 0.5))


def filled(slot: OutputSlot, outputs: Outputs) -> OutputSlot:
    buffers = slot.buffers(Window(4, 6, 4, 6), outputs)
    for array in (buffers.labels, buffers.color, buffers.overlay, buffers.confidence):
        if array is not None:
            array[:] = 7
    return slot


def test_only_what_was_computed_and_is_heard_is_sent_under_the_inputs_header(node: Node) -> None:
    output, slot, header = (
        ImageOutput(node, Camera("", NodeConfig())),
        OutputSlot(),
        Header(frame_id="front"),
    )
    for topic in node.topics.values():
        topic.listeners = 1
    filled(slot, Outputs(color=True))
    output.publish(slot, header)
    output.publish_compressed(slot, header)
    sent = {name for name, topic in node.topics.items() if topic.sent}
    assert sent == {"~/labels", "~/labels/compressed", "~/color", "~/color/compressed"}
    assert all(node.topics[name].sent[0].header is header for name in sent)
    for topic in node.topics.values():
        topic.listeners = 0
    output.publish(slot, header)
    output.publish_compressed(slot, header)
    assert all(len(topic.sent) <= 1 for topic in node.topics.values())


def test_a_slot_uses_its_memory_again_and_forgets_what_was_not_computed() -> None:
    slot, window = OutputSlot(), Window(4, 6, 4, 6)
    everything = Outputs(color=True, overlay=True, confidence=True)
    first = slot.buffers(window, everything)
    first.check(4, 6, everything)
    message = slot.message("overlay")
    assert message is not None
    assert (message.encoding, message.height, message.step) == ("rgb8", 4, 18)
    assert first.overlay is not None
    first.overlay[:] = 9
    assert bytes(message.data) == bytes([9] * 72)
    assert slot.buffers(window, Outputs(color=False)).color is None
    assert slot.message("overlay") is None
    assert slot.pixels("color") is None
    again = slot.buffers(window, everything)
    assert np.shares_memory(again.overlay, first.overlay)
    assert slot.buffers(Window(4, 6, 2, 3), everything).labels.shape == (2, 3)


def test_closing_takes_every_topic_back(node: Node) -> None:
    ImageOutput(node, Camera("", NodeConfig())).close()
    assert node.topics == {}
