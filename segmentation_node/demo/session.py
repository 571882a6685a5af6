"""Node, recorder and player as three processes: started in order, watched, ended.

Nothing waits for a time and hopes. The recorder says when it is connected to the node, the node
says on /diagnostics that it is active, the player waits until it is subscribed to, and the end is
when the node has accounted for every frame.
"""

from __future__ import annotations

import json
import os
import queue
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from segmentation_node.bags.images import base_topic
from segmentation_node.demo.domain import free_domain
from segmentation_node.demo.programs import Event, Program, require_ros
from segmentation_node.demo.settings import DemoSettings
from segmentation_node.demo.signals import held_signals
from segmentation_node.demo.source import Source
from segmentation_node.errors import TransportError
from segmentation_node.transport import environment

NODE = "/segmentation_node"
LABELS, COLOR, DIAGNOSTICS = f"{NODE}/labels", f"{NODE}/color", "/diagnostics"
START_TIMEOUT_S = 120.0
REPLAY_TIMEOUT_S = 60.0
SETTLE_TIMEOUT_S = 15.0
_MOST_SPARE_MIB = 1536  # ten seconds of what the node publishes for 1280x720 are 1100 MiB
_ERROR = 2  # diagnostic_msgs/DiagnosticStatus.ERROR

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What three processes leave behind.

    Attributes:
        recording: The bag of what the node published.
        sent: When each frame went out: (time in the bag, stamp, lateness), all ns.
        diagnostics: The node's last words about itself, by key.
        cpu_s: Processor time that each program used during the replay, seconds.
        replay_s: How long the replay took, seconds.
    """

    recording: Path
    sent: tuple[tuple[int, int, int], ...]
    diagnostics: Mapping[str, str]
    cpu_s: Mapping[str, float]
    replay_s: float


class Session:
    """One replay; a context manager that leaves no process behind.

    Args:
        source: The bag that is replayed.
        settings: What the demo is asked for.
        folder: Where the recording and the logs go.
        progress: Called with a step, what is done and what there is.
    """

    def __init__(
        self, source: Source, settings: DemoSettings, folder: Path, progress: Progress
    ) -> None:
        require_ros()
        self._source, self._settings, self._folder = source, settings, folder
        self._progress = progress
        self._events: queue.Queue[Event] = queue.Queue()
        self._programs = ExitStack()
        self._environment = _environment(settings, folder)
        self._running: dict[str, Program] = {}
        self._over: set[str] = set()
        self.diagnostics: dict[str, str] = {}

    def run(self) -> Outcome:
        """Start everything, replay, and end everything in order.

        Raises:
            TransportError: A program ended, or two of them did not find each other.
        """
        node = self._start("node", self._node_words())
        recorder = self._start("recorder", self._recorder_words())
        self._wait_until_ready()
        player = self._start("player", self._player_words())
        self._progress("start", 2, 3)
        self._wait_until_replaying()
        self._progress("start", 3, 3)
        before, begin = self._cpu_s(), time.monotonic()
        self._follow_replay()
        replay_s, used = time.monotonic() - begin, self._cpu_s()
        self._end(player)
        sent = self._read_report()
        self._settle(len(sent))
        self._end(recorder)
        self._end(node)
        cpu_s = {name: round(used[name] - before[name], 2) for name in used}
        return Outcome(self._recording, sent, dict(self.diagnostics), cpu_s, replay_s)

    @property
    def _recording(self) -> Path:
        return self._folder / "recording.mcap"

    def _start(self, name: str, words: list[str]) -> Program:
        log = self._folder / f"{name}.log"
        with held_signals():
            program = Program(name, words, self._environment, self._events, log)
            self._running[name] = self._programs.enter_context(program)
        return program

    def _node_words(self) -> list[str]:
        pipeline = self._settings.pipeline
        parameters = {
            "image_topic": base_topic(self._source.topic),
            "model": pipeline.model,
            "engine": pipeline.engine,
            "precision": pipeline.precision,
            "network_size": pipeline.network_size,
            # The player promises delivery and keeps a second of frames, and so does the node: none
            # is lost while another program has the processor, only skipped, and then counted.
            "qos": "reliable",
            "qos_depth": 30,
        }
        words = ["-m", "segmentation_node.ros.node", "--ros-args"]
        for name, value in parameters.items():
            words += ["-p", f"{name}:={json.dumps(value)}"]
        return words

    def _recorder_words(self) -> list[str]:
        topics = (LABELS, COLOR, DIAGNOSTICS)
        program = ["-m", "segmentation_node.ros.recorder", str(self._recording)]
        return [*program, "--events", "--hold-mib", str(_spare_mib()), "--topics", *topics]

    def _player_words(self) -> list[str]:
        program = ["-m", "segmentation_node.ros.player", str(self._source.bag), "--events"]
        report = str(self._folder / "report.json")
        options = ["--decode", "--restamp", "--wait", "30", "--report", report]
        ahead = ["--ahead-mib", str(_spare_mib())]
        return [*program, *options, *ahead, "--topics", self._source.topic]

    def _wait_until_ready(self) -> None:
        """Wait until the recorder hears the node, the node knows of it, and the node is active."""
        is_connected = False
        for event in self._heard(START_TIMEOUT_S, "the node to become active"):
            self._progress("start", int(is_connected), 3)
            is_connected = is_connected or event.name == "ready"
            if event.name == "diagnostics" and event.values["level"] == _ERROR:
                raise self._running["node"].refusal(event.values["message"])
            if is_connected and self._is_heard and self.diagnostics.get("state") == "active":
                return

    @property
    def _is_heard(self) -> bool:
        """Whether the node has found the recorder too: it sends nothing to nobody."""
        return all(self.count(f"{name}_listeners") for name in ("labels", "color"))

    def _wait_until_replaying(self) -> None:
        """Wait until the player has read ahead and found the node."""
        for event in self._heard(START_TIMEOUT_S, "the replay to begin"):
            if event.name == "started":
                break
        if not event.values["subscribers"]:
            raise TransportError(
                received=f"no subscriber of {base_topic(self._source.topic)} within 30 s",
                expected="the node, which subscribes to it when it is active",
                fix="read node.log; `segmentation doctor` checks DDS on this machine",
            )

    def _follow_replay(self) -> None:
        """Pass progress on until the player has sent its last frame."""
        for event in self._heard(REPLAY_TIMEOUT_S, "the next frame to be sent"):
            if event.program == "player" and event.name == "progress":
                self._progress("replay", event.values["sent"], event.values["total"])
            if event.program == "player" and event.name == "finished":
                self._progress("replay", event.values["sent"], event.values["sent"])
                return

    def _settle(self, sent: int) -> None:
        """Wait until the node has accounted for every frame, or counts no further."""
        latest, repeats = -1, 0
        for event in self._heard(SETTLE_TIMEOUT_S, "the node to account for every frame"):
            if event.name != "diagnostics":
                continue
            done = sum(self.count(key) for key in ("processed", "skipped", "malformed", "failed"))
            repeats = repeats + 1 if done == latest else 0
            latest = done
            # A frame that never reached the node is in none of its counts: they stand still then.
            if done >= sent or repeats >= 2:
                return

    def count(self, key: str) -> int:
        """One of the node's own counts."""
        return int(self.diagnostics.get(key, "0"))

    def _heard(self, timeout_s: float, what: str) -> Iterator[Event]:
        """Yield events; silence, or a program's end that nobody asked for, is an error."""
        while True:
            try:
                event = self._events.get(timeout=timeout_s)
            except queue.Empty:
                raise self._running["node"].silence(timeout_s, what) from None
            if event.name == "ended" and event.program not in self._over:
                raise self._running[event.program].failure()
            if event.name == "diagnostics":
                self.diagnostics.update(event.values["values"])
            yield event

    def _end(self, program: Program) -> None:
        """End a program that has done its work; it must say itself that all went well."""
        self._over.add(program.name)
        code = program.wait() if program.name == "player" else program.stop()
        if code:
            raise program.failure()

    def _cpu_s(self) -> dict[str, float]:
        return {name: program.cpu_s() for name, program in self._running.items()}

    def _read_report(self) -> tuple[tuple[int, int, int], ...]:
        rows = json.loads((self._folder / "report.json").read_text(encoding="utf-8"))["rows"]
        return tuple((bag_ns, stamp_ns, late_ns) for _, bag_ns, stamp_ns, late_ns in rows)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.update(self._running)
        with held_signals():
            self._programs.close()


def _spare_mib() -> int:
    """Memory for frames decoded before, or written after the replay: the node has that time."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text("ascii"))
    available_mib = int(found[1]) // 1024 if found else 0
    return max(64, min(_MOST_SPARE_MIB, available_mib // 4))


def _environment(settings: DemoSettings, folder: Path) -> dict[str, str]:
    """A domain of its own on this machine alone, whatever the user's own ROS setup is."""
    domain_id = free_domain() if settings.domain_id is None else settings.domain_id
    mine = {
        "ROS_DOMAIN_ID": str(domain_id),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOG_DIR": str(folder / "ros"),
        "RCUTILS_COLORIZED_OUTPUT": "0",
        "PYTHONUNBUFFERED": "1",
    }
    if os.environ.get("ROS_DISTRO") == "humble":
        mine["ROS_LOCALHOST_ONLY"] = "1"  # its name there; later releases warn about it
    return {**os.environ, **environment(), **mine}
