"""`network_size: auto` over real DDS: what was chosen, on what grounds, and what is known then."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pytest
from dds import Observer
from lifecycle_msgs.msg import Transition
from node_rig import EVERY, Rig, image_message, picture, running_node
from small_network import write_network

pytestmark = pytest.mark.dds

node = contextmanager(running_node)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A small network that is meant for three sizes."""
    return write_network(tmp_path, sizes=[[64, 96], [32, 64], [128, 96]])


def configured(rig: Rig) -> str:
    """The reason in the diagnostics, once there is one."""
    reported = rig.diagnostics.wait_for(
        lambda one: any(value.key == "network_size_reason" for value in one.status[0].values),
        "reason",
    )
    return {one.key: one.value for one in reported.status[0].values}["network_size_reason"]


def test_the_largest_size_that_holds_a_low_rate_is_taken_and_the_reason_is_told(
    domain_id: int, observer: Observer, network: Path
) -> None:
    given = {"model": str(network), "network_size": "auto", "target_rate_hz": 0.1, **EVERY}
    with node(domain_id, observer, **given) as rig:
        assert "network_size 128x96" in rig.program.wait_for_line("configured: ")
        line = rig.program.wait_for_line(r"network_size auto: 128x96 \(128 high, 96 wide\) takes ")
        assert "the largest that fits the 7000.0 ms (70 % of a frame at 0.1 Hz)" in line
        assert "32x64 (32 high, 64 wide) takes" in line
        assert "on images 720 high, 1280 wide (the camera's are not known yet)" in line
        assert configured(rig) in line
        # Once it has seen the camera it tries the sizes on such images.
        rig.connect()
        assert rig.ask(image_message(picture(60, 80))).height == 60
        for transition in (
            Transition.TRANSITION_DEACTIVATE,
            Transition.TRANSITION_CLEANUP,
            Transition.TRANSITION_CONFIGURE,
        ):
            assert rig.change_state(transition)
        assert rig.program.wait_for_line(r"on images 60 high, 80 wide \(the camera's\)")


def test_a_rate_that_no_size_holds_is_warned_of_and_the_fastest_is_taken(
    domain_id: int, observer: Observer, network: Path
) -> None:
    given = {"model": str(network), "network_size": "auto", "target_rate_hz": 1000.0}
    with node(domain_id, observer, **given, rate_limit=900.0) as rig:
        line = rig.program.wait_for_line(
            r"\[WARN\].*network_size auto: 32x64 \(32 high, 64 wide\) takes"
        )
        assert "too slow for the 0.8 ms (70 % of a frame at 900 Hz)" in line
        assert "not measured: 64x96 (64 high, 96 wide), 128x96 (128 high, 96 wide)" in line
        assert "network_size 32x64" in rig.program.wait_for_line("configured: ")
        assert configured(rig) in line
