"""The subscription where the middleware does not say what it loses."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from segmentation_node.config import NodeConfig
from segmentation_node.ros.image_subscription import ImageSubscription, UnsupportedEventTypeError


def node_that(*answers: object) -> MagicMock:
    node = MagicMock()
    node.get_publishers_info_by_topic.return_value = []
    node.resolve_topic_name.side_effect = lambda name, only_expand=False: name
    node.create_subscription.side_effect = answers
    return node


def subscribed(node: MagicMock) -> ImageSubscription:
    return ImageSubscription(node, NodeConfig(), lambda _: None, MagicMock())


def test_lost_frames_are_passed_on_as_the_middleware_counts_them() -> None:
    node = node_that(MagicMock())
    images = subscribed(node)
    lost: list[int] = []
    images.on_lost = lost.append
    events = node.create_subscription.call_args.kwargs["event_callbacks"]
    events.message_lost(SimpleNamespace(total_count=9, total_count_change=4))
    assert (lost, images.counts_lost) == ([4], True)


def test_a_middleware_that_counts_no_losses_is_subscribed_to_all_the_same() -> None:
    node = node_that(UnsupportedEventTypeError("no such event"), MagicMock())
    images = subscribed(node)
    assert images.counts_lost is False
    assert node.create_subscription.call_count == 2
    assert node.create_subscription.call_args.kwargs["event_callbacks"].message_lost is None


def test_what_else_is_unsupported_is_an_error() -> None:
    with pytest.raises(UnsupportedEventTypeError):
        subscribed(node_that(*[UnsupportedEventTypeError("no such event")] * 2))
