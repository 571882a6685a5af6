from __future__ import annotations

import queue
import signal
import socket
import sys
from pathlib import Path

import pytest

from segmentation_node.demo import programs
from segmentation_node.demo.domain import free_domain
from segmentation_node.demo.programs import Event, Program, require_ros
from segmentation_node.demo.session import Session
from segmentation_node.demo.settings import DemoSettings
from segmentation_node.demo.signals import held_signals
from segmentation_node.demo.source import Source
from segmentation_node.errors import OutputError, TransportError

STUBBORN = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print('{"event": "ready", "n": 1}', flush=True)
while True:
    time.sleep(0.05)
"""


def start(code: str, log: Path | None = None) -> tuple[Program, queue.Queue[Event]]:
    events: queue.Queue[Event] = queue.Queue()
    return Program("program", ["-c", code], {"PATH": ""}, events, log), events


def test_events_and_words_are_told_apart(tmp_path: Path) -> None:
    code = "print('hello'); print('{\"event\": \"ready\", \"n\": 1}'); print('bye')"
    program, events = start(code, tmp_path / "log")
    assert program.wait() == 0
    assert events.get() == Event("program", "ready", {"n": 1})
    assert events.get().name == "ended"
    assert program.printed == (tmp_path / "log").read_text().strip() == "hello\nbye"


def test_a_failure_carries_what_was_printed() -> None:
    program, _ = start("import sys; print('no camera'); sys.exit(3)")
    error = program.failure()
    assert "exit code 3 (no camera)" in str(error)
    assert error.log == "no camera"


def test_a_program_that_ignores_ctrl_c_is_ended_all_the_same(monkeypatch) -> None:
    monkeypatch.setattr(programs, "_GRACE_S", 0.2)
    program, events = start(STUBBORN)
    with program:
        assert events.get().name == "ready"
    assert program.wait() == -signal.SIGTERM


def test_the_time_that_a_program_used_can_be_asked_for() -> None:
    ready = 'print(\'{"event": "ready"}\', flush=True)'
    program, events = start(f"import time; {ready}; time.sleep(60)")
    with program:
        events.get()
        assert program.cpu_s() >= 0
    assert program.cpu_s() == 0


def test_a_signal_waits_until_the_block_is_done() -> None:
    done = []

    def block() -> None:
        with held_signals():
            signal.raise_signal(signal.SIGTERM)
            done.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["the rest of the block"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_domain_in_use_is_not_chosen(monkeypatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr("segmentation_node.demo.domain._first_port", lambda domain: port)
        assert free_domain() == 0
    assert 1 <= free_domain() <= 101


def test_a_python_without_ros_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TransportError, match="ros-wheels"):
        require_ros()


def test_this_python_is_the_one_that_is_started() -> None:
    program, _ = start("import sys; print(sys.executable)")
    program.wait()
    assert program.printed == sys.executable


def diagnostics(**values: str) -> Event:
    return Event("recorder", "diagnostics", {"level": 0, "message": "", "values": values})


def test_the_replay_waits_until_the_node_knows_of_its_listener(tmp_path: Path) -> None:
    source = Source(tmp_path / "bag", "/camera/image_raw", None, None, "nothing")
    session = Session(source, DemoSettings(tmp_path), tmp_path, lambda *step: None)
    session._events.put(Event("recorder", "ready", {}))
    session._events.put(diagnostics(state="active", labels_listeners="0", color_listeners="0"))
    session._events.put(diagnostics(state="active", labels_listeners="1", color_listeners="0"))
    session._events.put(diagnostics(state="active", labels_listeners="1", color_listeners="1"))
    session._events.put(Event("node", "afterwards", {}))
    session._wait_until_ready()
    assert session._events.get_nowait().name == "afterwards"


def test_half_an_event_is_a_line_like_any_other() -> None:
    half = '{"event": "rea'
    program, events = start(f"print({half!r}); print('bye')")
    assert program.wait() == 0
    assert events.get(timeout=30).name == "ended"
    assert program.printed == f"{half}\nbye"


def test_whoever_waits_for_a_program_hears_of_its_end_and_of_a_log_that_cannot_be_written(
    tmp_path: Path,
) -> None:
    program, events = start("print('bye')", tmp_path / "none" / "log")
    assert events.get(timeout=30).name == "ended"
    with pytest.raises(OutputError, match="log"):
        program.wait()
    assert program.wait() == 0


def test_a_program_is_read_to_its_end_whatever_its_lines_bring_about() -> None:
    heard = []

    def hear(line: str) -> None:
        heard.append(line)
        raise BrokenPipeError("nobody reads us")

    events: queue.Queue[Event] = queue.Queue()
    # More than a pipe holds: it could not end if nobody read it.
    code = "for number in range(20_000): print('line', number)"
    program = Program("program", ["-c", code], {"PATH": ""}, events, on_line=hear)
    assert events.get(timeout=30).name == "ended"
    with pytest.raises(BrokenPipeError):
        program.wait()
    assert len(heard) == 1
    assert program.printed.endswith("line 19999")
