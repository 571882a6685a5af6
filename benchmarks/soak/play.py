"""Plays a soak: node, driver and listener as processes, the node's process sampled meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ros_programs import RosProgram, running
from benchmarks.soak.plan import Plan
from benchmarks.soak.sampler import Sample, Sampler
from benchmarks.soak.traffic import Answers, Phase
from benchmarks.soak.verdicts import JUDGES, Verdict
from segmentation_node.errors import TransportError
from segmentation_node.files import write_whole
from segmentation_node.transport import environment

NODE = "/segmentation_node"

_GRACE_S = 30.0
_FAULTS = re.compile(r"Traceback|\[FATAL\]|terminate called|Segmentation fault")


@dataclass(frozen=True)
class Played:
    """What a soak left behind.

    Args:
        phases: What the driver noted, as far as it came.
        answers: What the listener noted.
        samples: What the node's process held, each second.
        end: How the node ended.
    """

    phases: tuple[Phase, ...]
    answers: Answers
    samples: tuple[Sample, ...]
    end: Verdict


def play(plan: Plan, log: Path, tell: Callable[[str], None]) -> Played:
    """Play all phases on one node.

    Args:
        plan: What is played.
        log: The file for all that the node prints.
        tell: Is told what was done.

    Raises:
        TransportError: Node and listener did not find each other.
        OutputError: The log cannot be written.
    """
    with _node(plan, log) as node, Sampler(node.pid) as sampler:
        topics = ["--labels", f"{NODE}/labels", "--color", f"{NODE}/color"]
        with running("soak_listener", topics, plan.domain_id) as listener:
            listener.event("ready")
            words = plan.driver_words(node.pid, listener.pid)
            with running("soak_driver", words, plan.domain_id) as driver:
                phases = tuple(_phases(driver, tell))
            answers = Answers.of(listener.end("figures"))
        samples = tuple(sampler.samples)
        end = _end(node, log)
    return Played(phases, answers, samples, end)


def _phases(driver: RosProgram, tell: Callable[[str], None]) -> Iterator[Phase]:
    """Each phase once it is over; those that a driver which ended left out as well."""
    names = list(JUDGES)
    with suppress(TransportError):
        while names:
            tell(f"phase {names[0]}")
            yield Phase.of(driver.event("phase"))
            names.pop(0)
    now_s = time.monotonic()
    yield from (Phase(name, now_s, now_s, error="the driver had ended") for name in names)


@contextmanager
def _node(plan: Plan, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The node under test, ended in any case."""
    pairs = plan.node_parameters.items()
    words = [word for name, value in pairs for word in ("-p", f"{name}:={json.dumps(value)}")]
    module = [sys.executable, "-m", "segmentation_node.ros.node", "--ros-args", *words]
    own = {"ROS_DOMAIN_ID": str(plan.domain_id), "RCUTILS_COLORIZED_OUTPUT": "0"}
    write_whole(log, b"")
    with log.open("wb") as output:
        node = subprocess.Popen(
            module,
            env={**os.environ, **environment(), **own},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            yield node
        finally:
            node.kill()
            node.wait()


def _end(node: subprocess.Popen[bytes], log: Path) -> Verdict:
    """Tell the node to end, and judge how it did and what it printed."""
    begun = time.monotonic()
    node.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        node.wait(_GRACE_S)
    status, took_s = node.poll(), time.monotonic() - begun
    complaints = [] if status == 0 else [f"exit status {'none' if status is None else status}"]
    printed = log.read_text(encoding="utf-8", errors="replace")
    complaints += [f"{fault!r} in its log" for fault in sorted(set(_FAULTS.findall(printed)))]
    return Verdict(tuple(complaints), f"exit status {status} after {took_s:.1f} s")
