"""Quality of service: what `auto` asks for, so that no publisher of a topic goes unheard."""

from __future__ import annotations

import pytest
from offered import BEST_EFFORT, CARELESS_LATCHED, LATCHED, RELIABLE, offered
from rclpy.qos import QoSCompatibility, qos_check_compatible

from segmentation_node.config import NodeConfig
from segmentation_node.ros.qos import image_subscription, named

CASES = {
    "nobody there": ((), BEST_EFFORT),
    "a camera driver": ((BEST_EFFORT,), BEST_EFFORT),
    "a reliable one": ((RELIABLE,), RELIABLE),
    "two reliable ones": ((RELIABLE, RELIABLE), RELIABLE),
    "one of each": ((RELIABLE, BEST_EFFORT), BEST_EFFORT),
    "an image that is kept": ((LATCHED,), LATCHED),
    "one keeps, one does not": ((LATCHED, RELIABLE), RELIABLE),
    "kept, yet best effort": ((CARELESS_LATCHED,), BEST_EFFORT),
    "all four": ((LATCHED, RELIABLE, CARELESS_LATCHED, BEST_EFFORT), BEST_EFFORT),
}


@pytest.mark.parametrize(("offers", "expected"), CASES.values(), ids=CASES)
def test_auto_asks_for_what_all_publishers_offer(offers: tuple[str, ...], expected: str) -> None:
    config = NodeConfig(qos="auto", qos_depth=7)
    asked = image_subscription(config, [offered(one) for one in offers])
    assert (named(asked), asked.depth) == (expected, 7)
    for one in offers:
        assert qos_check_compatible(offered(one), asked)[0] != QoSCompatibility.ERROR


def test_auto_keeps_what_it_asks_for_while_the_publisher_is_away() -> None:
    standing = image_subscription(NodeConfig(qos="auto"), [offered(LATCHED)])
    assert named(image_subscription(NodeConfig(qos="auto"), [], standing)) == LATCHED


@pytest.mark.parametrize(
    ("qos", "expected"), [("sensor_data", BEST_EFFORT), ("reliable", RELIABLE)]
)
def test_an_explicit_choice_stands_whoever_publishes(qos: str, expected: str) -> None:
    for offers in ((), (BEST_EFFORT,), (RELIABLE,), (LATCHED,)):
        asked = image_subscription(NodeConfig(qos=qos), [offered(one) for one in offers])
        assert named(asked) == expected
