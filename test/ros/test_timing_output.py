from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

from segmentation_node.cameras import cameras_of
from segmentation_node.config import NodeConfig
from segmentation_node.ros.timing_output import STAGES, TimingOutput


def made_for(**parameters: Any) -> tuple[TimingOutput, dict[str, MagicMock]]:
    """An output nobody listens to, and its publishers by topic."""
    publishers: dict[str, MagicMock] = {}

    def create(_kind: object, topic: str, _qos: object) -> MagicMock:
        publishers[topic] = MagicMock(**{"get_subscription_count.return_value": 0})
        return publishers[topic]

    node = MagicMock(**{"create_lifecycle_publisher.side_effect": create})
    [camera] = cameras_of(NodeConfig(**parameters))
    return TimingOutput(node, camera), publishers


def test_every_stage_has_a_topic_under_the_name_of_its_camera() -> None:
    assert {*made_for()[1]} == {f"~/timing/{stage}_ms" for stage in STAGES}
    named = made_for(camera_names=("front",))[1]
    assert {*named} == {f"~/front/timing/{stage}_ms" for stage in STAGES}


def test_a_stage_is_published_only_while_someone_listens_to_it() -> None:
    output, publishers = made_for()
    heard = publishers["~/timing/inference_ms"]
    times_ms = dict.fromkeys(STAGES, 7.5)
    output.publish(times_ms)
    assert not any(one.publish.called for one in publishers.values())
    heard.get_subscription_count.return_value = 1
    output.publish(times_ms)
    assert [one for one in publishers.values() if one.publish.called] == [heard]
    [call] = heard.publish.call_args_list
    assert call.args[0].data == 7.5
    heard.get_subscription_count.return_value = 0
    output.publish(times_ms)
    assert heard.publish.call_count == 1


def test_a_stage_that_a_frame_did_not_go_through_is_left_out() -> None:
    output, publishers = made_for()
    age = publishers["~/timing/input_age_ms"]
    age.get_subscription_count.return_value = 1
    output.publish({"total": 9.0})
    assert not age.publish.called
