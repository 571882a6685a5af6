"""The node's life over real DDS: transitions, refusals, overload, failures, and its end."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from dds import Observer, Program, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_rig import NODE, PARAMETERS, RELIABLE, Rig, image_message, picture, running_node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Float64

pytestmark = pytest.mark.dds

CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
DEACTIVATE, CLEANUP = Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP
SHUTDOWN = Transition.TRANSITION_ACTIVE_SHUTDOWN
TOPIC = "/camera/image_raw"

node = contextmanager(running_node)


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def segments_of(pid: int | str) -> set[Path]:
    """The shared-memory segments of Fast DDS that a process has mapped.

    Its ports are left out: all participants of the machine share some of them, and the others
    stay for as long as anybody who wrote to them lives.
    """
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    return {Path(one) for one in re.findall(r"/dev/shm/(?:fastrtps|fastdds)_[0-9a-f]{16}\b", maps)}


def refuse_to_activate(rig: Rig) -> None:
    """A name that only the middleware refuses: the node stays inactive and can be cleaned up."""
    assert rig.set_parameter("image_topic", "/" + "a" * 300) == ""
    assert rig.change_state(CONFIGURE)
    assert not rig.change_state(ACTIVATE)
    assert rig.program.wait_for_line("cannot activate")
    assert rig.state == "inactive"
    assert rig.change_state(CLEANUP)


def test_the_life_of_a_node_can_be_lived_again_and_again(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, autostart=False) as rig:
        assert rig.state == "unconfigured"
        assert not rig.change_state(ACTIVATE)  # not from here; and the node lives on
        camera = observer.node.create_publisher(Image, TOPIC, RELIABLE)
        refuse_to_activate(rig)
        threads = []
        for topic in ("/first", "/second", TOPIC):
            assert rig.set_parameter("image_topic", topic) == ""
            assert rig.change_state(CONFIGURE)
            assert "configure again" in rig.set_parameter("image_topic", "/other")
            assert observer.node.count_subscribers(topic) == 0
            assert rig.change_state(ACTIVATE)
            wait_until(lambda t=topic: observer.node.count_subscribers(t), f"a listener to {topic}")
            assert rig.state == "active"
            assert rig.change_state(DEACTIVATE)
            wait_until(lambda t=topic: not observer.node.count_subscribers(t), "the end of it")
            assert rig.change_state(CLEANUP)
            wait_until(lambda: not observer.node.count_publishers(f"{NODE}/labels"), "no labels")
            threads.append(threads_of(rig.program.pid))
        # The pools of DDS and of the engine come and go by one; a life leaves two if it leaks.
        assert threads[2] - threads[0] < 4
        assert rig.change_state(CONFIGURE)
        assert rig.change_state(ACTIVATE)
        observer.node.destroy_publisher(camera)
        rig.connect()
        rig.knock(image_message(picture()))
        assert rig.ask(image_message(picture())).height == 48
        assert rig.change_state(SHUTDOWN)
        assert rig.state == "finalized"
        assert rig.program.stop() == 0


def test_a_node_that_is_told_to_end_three_times_ends_well_and_leaves_nothing(
    domain_id: int, observer: Observer
) -> None:
    """As a terminal and `ros2 launch` do it: the same wish from both, and once more by hand."""
    with node(domain_id, observer) as rig:
        rig.connect()
        assert rig.ask(image_message(picture())).height == 48
        segments = segments_of(rig.program.pid) - segments_of("self")
        assert segments
        rig.program.process.send_signal(signal.SIGINT)
        rig.program.process.send_signal(signal.SIGINT)
        threading.Event().wait(0.05)
        assert rig.program.stop(signal.SIGTERM) == 0
        assert "Traceback" not in rig.program.output
        assert not [one for one in segments if one.exists()]


def test_a_lifecycle_manager_may_bring_up_a_node_that_has_brought_itself_up(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer) as rig:
        rig.program.wait_for_line("active: ")
        assert rig.change_state(CONFIGURE)
        assert rig.change_state(ACTIVATE)
        assert rig.state == "active"
        assert not rig.change_state(CLEANUP)  # not from here
        assert rig.change_state(DEACTIVATE)
        assert rig.change_state(CONFIGURE)
        assert rig.state == "inactive"
        assert rig.change_state(ACTIVATE)
        assert rig.state == "active"


@pytest.mark.parametrize(
    ("name", "wrong", "right", "said"),
    [
        ("queue_size", "many", 3, "queue_size: 'many'; expected a whole number from 1 to 1000"),
        ("model", "/nowhere/net.onnx", "rendered", "/nowhere/net.onnx"),
    ],
)
def test_a_bad_parameter_is_refused_in_a_sentence_and_can_be_mended(
    domain_id: int, observer: Observer, name: str, wrong: object, right: object, said: str
) -> None:
    with node(domain_id, observer, **{name: wrong}) as rig:
        line = rig.program.wait_for_line("cannot configure")
        assert said in line
        assert "; fix: " in line
        refused = rig.diagnostics.wait_for(
            lambda one: one.status[0].level == DiagnosticStatus.ERROR, "error"
        )
        assert said in refused.status[0].message
        assert rig.state == "unconfigured"
        assert not rig.change_state(CONFIGURE)
        assert rig.set_parameter(name, right) == ""
        assert rig.change_state(CONFIGURE)
        assert rig.change_state(ACTIVATE)
        rig.connect()
        rig.knock(image_message(picture()))
        assert rig.ask(image_message(picture())).width == 64
        assert "Traceback" not in rig.program.output


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The file whose appearing lets a held frame go."""
    return tmp_path / "release"


@contextmanager
def hindered(
    domain_id: int, observer: Observer, release: Path, **parameters: object
) -> Iterator[Rig]:
    program = str(Path(__file__).with_name("hindered_node.py"))
    given = {"qos": "reliable", "qos_depth": 100, **parameters}
    with node(domain_id, observer, program, str(release), **given) as rig:
        rig.connect()
        yield rig


def frame(kind: str) -> Image:
    message = image_message(picture())
    message.header.frame_id = kind
    return message


def test_overload_skips_to_the_newest_frame_and_counts_the_others(
    domain_id: int, observer: Observer, release: Path
) -> None:
    with hindered(domain_id, observer, release) as rig:
        rig.camera.publish(frame("hold"))
        rig.program.wait_for_line("^held$")
        for kind in ("a", "b", "c", "newest"):
            rig.camera.publish(frame(kind))
        rig.value_becomes("skipped", "3")
        release.touch()
        assert [one.header.frame_id for one in rig.labels.wait(2)] == ["hold", "newest"]
        rig.value_becomes("processed", "2")
        warned = rig.diagnostics.wait_for(
            lambda one: one.status[0].level == DiagnosticStatus.WARN, "warning"
        )
        assert "frames skipped" in warned.status[0].message


def test_with_every_a_full_queue_loses_nothing_and_holds_up_no_service(
    domain_id: int, observer: Observer, release: Path
) -> None:
    with hindered(domain_id, observer, release, mode="every", queue_size=2) as rig:
        kinds = ["hold", *map(str, range(20))]
        for kind in kinds:
            rig.camera.publish(frame(kind))
        # One is computed and two wait; the rest wait in DDS, and the node still answers.
        rig.value_becomes("received", "3")
        assert rig.state == "active"
        release.touch()
        assert [one.header.frame_id for one in rig.labels.wait(21)] == kinds
        rig.value_becomes("processed", "21")
        assert rig.value("skipped") == "0"


def test_a_failing_engine_is_an_error_in_the_diagnostics_and_the_node_lives(
    domain_id: int, observer: Observer, release: Path
) -> None:
    with hindered(domain_id, observer, release) as rig:
        rig.camera.publish(frame("break"))
        broken = rig.diagnostics.wait_for(
            lambda one: one.status[0].level == DiagnosticStatus.ERROR, "error"
        )
        assert "restart the accelerator" in broken.status[0].message
        rig.camera.publish(frame("crash"))
        rig.value_becomes("failed", "2")
        assert rig.program.wait_for_line("nobody foresaw this")
        assert rig.ask(frame("fine")).height == 48
        rig.value_becomes("processed", "1")
        wait_until(lambda: rig.diagnostics[-1].status[0].level == DiagnosticStatus.OK, "all well")


def test_ages_are_by_simulated_time_and_deadlines_can_be_set_while_it_runs(
    domain_id: int, observer: Observer, release: Path
) -> None:
    with hindered(domain_id, observer, release, use_sim_time=True) as rig:
        message = frame("timed")
        clock = observer.publisher(Clock, "/clock", 1)
        rig.set_clock(clock, Time(sec=message.header.stamp.sec, nanosec=250_000_005))
        assert rig.set_parameter("deadline_ms", 0.001) == ""
        rig.ask(message)
        rig.value_becomes("deadline_misses", "1")
        assert float(rig.value("input_age_p50_ms")) == pytest.approx(250.0)
        ages = observer.collect(Float64, f"{NODE}/timing/input_age_ms", RELIABLE)
        wait_until(lambda: rig.ask(message) and len(ages), "an age to plot")
        assert ages[0].data == pytest.approx(250.0)


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_at_once_and_leaves_nothing(
    domain_id: int, observer: Observer, repository: Path, with_signal: signal.Signals
) -> None:
    ours = segments_of("self")
    file = ("--params-file", str(repository / "config" / "seg.yaml"))
    with node(domain_id, observer, mode="every", arguments=file) as rig:
        rig.connect()
        rig.knock(image_message(picture()))
        rig.ask(image_message(picture()))
        segments = segments_of(rig.program.pid) - ours
        assert segments
        children = Path(f"/proc/{rig.program.pid}/task/{rig.program.pid}/children")
        assert children.read_text(encoding="utf-8") == ""
        for _ in range(20):  # so that the signal finds it at work
            rig.camera.publish(image_message(picture()))
        assert rig.program.stop(with_signal) == 0, rig.program.output
        assert not [path for path in segments if path.exists()]
        for fault in ("Traceback", "ERROR", "Error", "terminate", "Exception"):
            assert fault not in rig.program.output


def test_a_signal_during_start_up_ends_it_too(domain_id: int) -> None:
    with Program(
        "-m", "segmentation_node.ros.node", domain_id=domain_id, parameters=PARAMETERS
    ) as program:
        program.wait_for_line("images go through|configured|active")
        assert program.stop(signal.SIGINT) == 0, program.output
        assert "Traceback" not in program.output
