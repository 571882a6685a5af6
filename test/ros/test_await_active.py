"""The program that waits for an active node, over real DDS."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from unittest.mock import MagicMock

import pytest
from dds import Observer, Program, wait_until
from lifecycle_msgs.msg import Transition
from node_rig import NODE, running_node

from segmentation_node.ros import await_active
from segmentation_node.ros.program import INTERRUPTED

dds = pytest.mark.dds

WAIT = ("-m", "segmentation_node.ros.await_active", NODE)


@dds
def test_it_ends_once_the_node_is_active_and_not_before(domain_id: int, observer: Observer) -> None:
    with (
        Program(*WAIT, domain_id=domain_id) as waiting,
        contextmanager(running_node)(domain_id, observer, autostart=False) as rig,
    ):
        assert rig.change_state(Transition.TRANSITION_CONFIGURE)
        assert rig.state == "inactive"
        assert waiting.process.poll() is None
        assert rig.change_state(Transition.TRANSITION_ACTIVATE)
        assert waiting.wait() == 0, waiting.output


@dds
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_node_it_waits_until_it_is_told_to_end(
    domain_id: int, observer: Observer, number: signal.Signals
) -> None:
    with Program(*WAIT, domain_id=domain_id) as waiting:
        nodes = observer.node.get_node_names
        wait_until(lambda: "await_active" in nodes(), "the program's node")
        assert waiting.stop(number) == INTERRUPTED
        assert waiting.output == ""


def test_a_node_that_answers_at_once_is_not_asked_without_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, pauses = iter([False, False, True]), []
    monkeypatch.setattr(await_active, "rclpy", MagicMock())
    monkeypatch.setattr(await_active, "is_active", lambda *_: next(answers))
    monkeypatch.setattr(await_active.time, "sleep", pauses.append)
    monkeypatch.setattr(await_active, "Node", MagicMock())
    await_active.await_active(NODE)
    assert pauses == [await_active.PERIOD_S] * 2
