from __future__ import annotations

from typing import Any

import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.view.settings import ViewSettings


def test_topics_are_those_of_the_node_and_its_camera() -> None:
    assert ViewSettings().topic_of("overlay") == "/segmentation_node/overlay"
    front = ViewSettings(node="/robot/seg", camera="front")
    assert front.topic_of("timing/total_ms") == "/robot/seg/front/timing/total_ms"


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        *(("127.0.0.1", True), ("localhost", True), ("::1", True)),
        *(("0.0.0.0", False), ("::", False), ("192.168.0.9", False), ("robot.lan", False)),
    ],
)
def test_it_is_known_who_reaches_the_page(host: str, is_local: bool) -> None:
    assert ViewSettings(host=host).is_local is is_local


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"node": "segmentation node"}, "the node 'segmentation node'"),
        ({"node": "/a//b"}, "the node '/a//b'"),
        ({"camera": "front/../rear"}, "the camera 'front/../rear'"),
        ({"port": 70000}, "port 70000"),
        ({"rate_hz": 0.0}, "0.0 pictures per second"),
        ({"rate_hz": float("nan")}, "nan pictures per second"),
        ({"quality": 101}, "JPEG quality 101"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ViewSettings(**given)
