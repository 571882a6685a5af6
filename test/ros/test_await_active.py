"""The program that waits for an active node, over real DDS."""

from __future__ import annotations

import signal
from contextlib import contextmanager

import pytest
from dds import Observer, Program
from lifecycle_msgs.msg import Transition
from node_rig import NODE, running_node

pytestmark = pytest.mark.dds

WAIT = ("-m", "segmentation_node.ros.await_active", NODE)


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


def test_without_a_node_it_waits_until_it_is_told_to_end(domain_id: int) -> None:
    with Program(*WAIT, domain_id=domain_id) as waiting:
        assert waiting.process.poll() is None
        assert waiting.stop(signal.SIGTERM) != 0
