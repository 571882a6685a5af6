"""Signals: the first is a request, a later one an interrupt; afterwards all is as before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dds import Program

from segmentation_node.ros.stop_request import SIGNALS, StopRequest

PATIENCE_S = 10.0

# A small program of this room that waits while it tidies up and after it has.
TIDYING = """
from segmentation_node.ros import program

def work():
    try:
        print("working", flush=True)
        while True:
            input()
    finally:
        print("tidying", flush=True)
        input()
        print("tidy", flush=True)

status = program.run_program(work, interrupted=0)
print("ended", flush=True)
input()
raise SystemExit(status)
"""

# The real node; the same signal comes again while it frees what it has.
NODE = """
import os, re, signal, sys
from pathlib import Path
from segmentation_node.ros import node, stop_request

{more}

def run(*arguments):
    from segmentation_node.ros.lifecycle_node import SegmentationNode
    close = SegmentationNode.close

    def signalled(self):
        maps = Path("/proc/self/maps").read_text()
        print("mapped", *sorted(set(re.findall("/dev/shm/fastrtps_[0-9a-f]{{16}}$", maps, re.M))))
        SegmentationNode.close = close
        os.kill(os.getpid(), signal.SIGINT)
        close(self)

    SegmentationNode.close = signalled
    # The first signal comes from the executor's first callback.
    SegmentationNode._bring_up = lambda self: print("spinning", flush=True)
    return run_before(*arguments)

run_before, node._run = node._run, run
sys.exit(node.main())
"""
INSISTING = "stop_request.Wishes.is_new = lambda self: True"


@pytest.fixture
def stop() -> Iterator[StopRequest]:
    request = StopRequest()
    yield request
    request.close()


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_noted_and_told(stop: StopRequest, number: signal.Signals) -> None:
    told = threading.Event()
    stop.tell(told.set)
    assert not stop.asked
    os.kill(os.getpid(), number)
    assert told.wait(PATIENCE_S)
    assert stop.asked


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_that_follow_at_once_are_the_same_wish(
    stop: StopRequest, number: signal.Signals
) -> None:
    for _ in range(3):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), number)
    assert stop.asked


def test_a_later_signal_interrupts() -> None:
    stop = StopRequest(same_wish_s=0.0)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stop.asked
    stop.close()


def test_other_signals_are_no_request(stop: StopRequest) -> None:
    told = threading.Event()
    handled = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: handled.set())
    stop.tell(told.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert handled.wait(PATIENCE_S)
    assert not stop.asked
    signal.signal(signal.SIGUSR1, before)


def test_closing_leaves_handlers_and_threads_as_they_were() -> None:
    before = [signal.getsignal(number) for number in SIGNALS], set(threading.enumerate())
    StopRequest().close()
    assert ([signal.getsignal(number) for number in SIGNALS], set(threading.enumerate())) == before


def test_a_small_program_tidies_up_whatever_signals_follow() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TIDYING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for state in ("working", "tidying", "tidy", "ended"):
            assert process.stdout.readline() == f"{state}\n"
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            if state in {"tidying", "ended"}:
                process.stdin.write("\n")
                process.stdin.flush()
    assert process.returncode == 0


@pytest.mark.dds
@pytest.mark.parametrize(("more", "status"), [("", 0), (INSISTING, 130)])
def test_a_node_that_is_told_twice_leaves_nothing_behind(
    domain_id: int, more: str, status: int
) -> None:
    parameters = {"autostart": True}
    with Program(
        "-c", NODE.format(more=more), domain_id=domain_id, parameters=parameters
    ) as program:
        program.wait_for_line("spinning")
        assert program.stop(signal.SIGINT) == status, program.output
    mapped = program.wait_for_line("mapped").split()[1:]
    assert mapped
    assert not [path for path in mapped if Path(path).exists()]
    assert "Traceback" not in program.output
