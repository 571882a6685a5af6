"""The inbox: whose turn it is, and what is replaced."""

from __future__ import annotations

import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.pipeline.inbox import Inbox


def taken(inbox: Inbox[str]) -> list[str]:
    found = []
    while (camera := inbox.next_camera()) is not None:
        found.append(inbox.take(camera))
    return found


def test_cameras_take_turns_and_each_keeps_its_order() -> None:
    inbox: Inbox[str] = Inbox(3, "every", queue_size=5)
    for item in ("a1", "a2", "a3"):
        inbox.put(item, 0)
    inbox.put("c1", 2)
    inbox.put("b1", 1)
    assert len(inbox) == 5
    assert taken(inbox) == ["a1", "b1", "c1", "a2", "a3"]
    assert len(inbox) == 0


def test_the_turn_is_remembered_while_nothing_waits() -> None:
    inbox: Inbox[str] = Inbox(2)
    inbox.put("a", 0)
    assert taken(inbox) == ["a"]
    inbox.put("a", 0)
    inbox.put("b", 1)
    assert taken(inbox) == ["b", "a"]


def test_a_camera_that_may_not_be_served_is_passed_over() -> None:
    inbox: Inbox[str] = Inbox(2)
    inbox.put("a", 0)
    inbox.put("b", 1)
    assert inbox.next_camera(lambda camera: camera != 0) == 1
    assert inbox.next_camera(lambda _: False) is None


def test_latest_replaces_and_always_has_room() -> None:
    inbox: Inbox[str] = Inbox(2)
    assert [inbox.put(item) for item in ("old", "new")] == [0, 1]
    assert inbox.has_room()
    assert taken(inbox) == ["new"]


def test_every_is_full_for_one_camera_alone_and_dropping_counts() -> None:
    inbox: Inbox[str] = Inbox(2, "every", queue_size=2)
    for item in ("1", "2"):
        assert inbox.put(item, 1) == 0
    assert inbox.has_room(0)
    assert not inbox.has_room(1)
    assert inbox.clear() == [0, 2]
    assert inbox.has_room(1)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="latest or every"):
        Inbox(1, "sometimes")
