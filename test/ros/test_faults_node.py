"""What happens to a node on the road, over real DDS: it is killed, flooded, cycled, and time jumps.

What else can happen to it has tests of its own: docs/reliability.md names them.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from dds import Observer, wait_until
from lifecycle_msgs.msg import Transition
from node_rig import EVERY, NODE, image_message, picture, running_node, stamped
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

pytestmark = pytest.mark.dds

node = contextmanager(running_node)

LIFE = (
    Transition.TRANSITION_CONFIGURE,
    Transition.TRANSITION_ACTIVATE,
    Transition.TRANSITION_DEACTIVATE,
    Transition.TRANSITION_CLEANUP,
)


def test_a_node_killed_during_inference_leaves_the_way_free_for_the_next(
    domain_id: int, tmp_path: Path
) -> None:
    program = (str(Path(__file__).with_name("hindered_node.py")), str(tmp_path / "release"))
    with Observer(domain_id) as seen, node(domain_id, seen, *program, qos="reliable") as rig:
        rig.connect()
        held = image_message(picture())
        held.header.frame_id = "hold"
        rig.camera.publish(held)
        rig.program.wait_for_line("^held$")
        assert rig.program.stop(signal.SIGKILL) == -signal.SIGKILL
    # Another observer: the first one's subscriptions would count as listeners of the new node.
    with Observer(domain_id) as seen, node(domain_id, seen, **EVERY) as rig:
        rig.connect()
        assert rig.ask(image_message(picture())).height == 48
        assert rig.program.stop() == 0


def test_a_node_whose_thread_dies_says_error_and_ends(
    domain_id: int, observer: Observer, tmp_path: Path
) -> None:
    program = (str(Path(__file__).with_name("hindered_node.py")), str(tmp_path / "release"))
    with node(domain_id, observer, *program, **EVERY) as rig:
        rig.connect()
        message = image_message(picture())
        message.header.frame_id = "die"
        rig.camera.publish(message)
        said = rig.diagnostics.wait_for(lambda one: one.status[0].level == b"\x02", "an error")
        assert "cannot go on: ZeroDivisionError: nobody foresaw this" in said.status[0].message
        assert rig.program.wait() == 1
        assert rig.program.matching("FATAL.*cannot go on: ZeroDivisionError")


def test_simulated_time_may_jump_forward_and_back(domain_id: int, observer: Observer) -> None:
    with node(domain_id, observer, **EVERY, use_sim_time=True) as rig:
        rig.connect()
        clock = observer.publisher(Clock, "/clock", 1)
        for seconds in (1_000, 90_000, 200):
            rig.set_clock(clock, Time(sec=seconds))
            message = stamped(image_message(picture()), seconds)
            assert rig.ask(message).header == message.header
        rig.value_becomes("processed", "3")
        rig.value_becomes("stamp_jumps", "1")
        # By simulated time each was there at once; by the wall's it would be decades old.
        assert abs(float(rig.value("input_age_p99_ms"))) < 1.0
        assert rig.state == "active"


def test_simulated_time_can_be_switched_on_and_off_while_frames_are_answered(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, **EVERY) as rig:
        rig.connect()
        assert rig.ask(image_message(picture())).height == 48
        assert rig.set_parameter("use_sim_time", True) == ""
        rig.set_clock(observer.publisher(Clock, "/clock", 1), Time(sec=200))
        assert rig.ask(image_message(picture())).height == 48
        assert rig.set_parameter("use_sim_time", False) == ""
        day_s = 86_400
        rig.diagnostics.wait_for(
            lambda one: abs(one.header.stamp.sec - time.time()) < day_s, "the wall's time"
        )
        assert rig.ask(image_message(picture())).height == 48
        assert rig.value("failed") == "0"


def test_a_subscriber_that_is_stuck_costs_the_others_nothing(
    domain_id: int, observer: Observer
) -> None:
    release, taken = threading.Event(), []

    def take(message: Image) -> None:
        taken.append(message.header.stamp)
        release.wait(60)

    with Observer(domain_id, "stuck") as stuck, node(domain_id, observer, **EVERY) as rig:
        rig.connect()
        stuck.node.create_subscription(Image, f"{NODE}/labels", take, QoSProfile(depth=5))
        rig.value_becomes("labels_listeners", "2")
        sent = [image_message(picture()) for _ in range(40)]
        try:
            for message in sent:
                rig.camera.publish(message)
            answers = rig.labels.wait(40)
        finally:
            release.set()
        stamps = [one.header.stamp for one in sent]
        assert [one.header.stamp for one in answers] == stamps
        rig.value_becomes("processed", "40")
        # It gets the newest and not all: nothing is kept for who does not come.
        wait_until(lambda: stamps[-1] in taken, "the newest labels")
        assert len(taken) < 40


def flood(number: int) -> list[ParameterMessage]:
    """Changes of all kinds: live, unknown, out of range, not while it runs, another network."""
    size = "32x64" if number % 2 else "64x96"
    changes = (
        ("overlay_alpha", number / 100),
        ("overlay_alpha", 7.0),
        ("jpeg_quality", 50 + number),
        ("no_such_parameter", 1),
        ("network_size", size),
        ("queue_size", 500 + number),
        ("publish_overlay", number % 2 == 0),
        ("network_size", "65x97"),
    )
    return [Parameter(name, value=value).to_parameter_msg() for name, value in changes]


def test_a_flood_of_parameter_changes_is_answered_and_costs_no_frame(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, **EVERY) as rig:
        rig.connect()
        for number in range(30):
            rig.camera.publish(image_message(picture()))
            request = SetParameters.Request(parameters=flood(number))
            answer = observer.call(SetParameters, f"{NODE}/set_parameters", request)
            assert [one.successful for one in answer.results] == [True, False] * 4
        assert len(rig.labels.wait(30)) == 30
        rig.value_becomes("network_size", "32x64")
        rig.value_becomes("network_change", "none")
        assert (rig.parameter("overlay_alpha"), rig.parameter("network_size")) == (0.29, "32x64")
        rig.value_becomes("processed", "30")
        assert (rig.value("failed"), rig.value("malformed"), rig.state) == ("0", "0", "active")
        assert "Traceback" not in rig.program.output


def held_by(pid: int) -> tuple[int, int]:
    """How many threads and open files a process has."""
    return tuple(len(list(Path(f"/proc/{pid}/{what}").iterdir())) for what in ("task", "fd"))


def test_dozens_of_lives_leave_threads_and_files_as_they_were(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, autostart=False) as rig:
        held = []
        for _ in range(24):
            assert all(rig.change_state(transition) for transition in LIFE)
            held.append(held_by(rig.program.pid))
        # The pools of DDS and of the engine come and go by one; what leaks is one more each time.
        threads, files = zip(*held, strict=True)
        assert max(threads[12:]) - min(threads[:12]) < 8
        assert max(files[12:]) - min(files[:12]) < 8
        assert rig.program.stop() == 0
