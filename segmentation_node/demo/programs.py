"""Programs of the package as child processes: what they say, and that they end."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from segmentation_node.demo.signals import held_signals
from segmentation_node.errors import TransportError
from segmentation_node.installing import pip_install
from segmentation_node.media.images import writing

_GRACE_S = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Event:
    """Something that a program said on a line of JSON, or `ended` when it is no more."""

    program: str
    name: str
    values: Mapping[str, Any]


class ProgramError(TransportError):
    """A program ended that should not have.

    Attributes:
        log: All that it printed.
    """

    log: str = ""


def require_ros() -> None:
    """Check that ROS 2 can be imported, before a child process fails to.

    Raises:
        TransportError: It is not installed.
    """
    if importlib.util.find_spec("rclpy") is None:
        raise TransportError(
            received="no ROS 2 in this Python (the package rclpy is missing)",
            expected="a ROS 2 installation, or its wheels",
            fix="source your ROS 2 setup file, or run in a checkout: "
            + pip_install(".[ros-wheels]"),
        )


class Program:
    """A running program; a context manager that leaves none behind.

    Args:
        name: What to call it.
        words: What follows the Python interpreter, such as `-m package.module`.
        environment: Its whole environment.
        events: Where its events go.
        log: The file that keeps what it prints; None for none.
        on_line: Called with each line that it prints and that is no event, on another thread.
            What it raises, or writing the log does, `wait` raises.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        events: queue.Queue[Event],
        log: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._events, self._log, self._on_line = events, log, on_line
        self._lines: list[str] = []
        self._error: Exception | None = None
        self._process = subprocess.Popen(
            [sys.executable, *words],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # A group of its own: Ctrl-C reaches this process, which then ends the others in order.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def printed(self) -> str:
        """All that it has printed, events left out."""
        return "\n".join(self._lines)

    def cpu_s(self) -> float:
        """Seconds of processor time that it has used so far; 0 once it has ended."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def wait(self) -> int:
        """Wait for its end; return its exit code.

        Raises:
            Exception: What its lines were told to could not take them.
        """
        code = self._process.wait()
        # A child of its own may hold its output open for longer.
        self._reader.join(_GRACE_S)
        error, self._error = self._error, None
        if error is not None:
            raise error
        return code

    def stop(self) -> int:
        """Ask it to end, and make it end if it does not; return its exit code.

        What it prints from then on is kept, and told nobody: a program that is interrupted while
        it loads has nothing to say but a traceback.
        """
        self._on_line = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
        return self.wait()

    def failure(self) -> ProgramError:
        """The error for a program that ended when it should not have."""
        code = self.wait()
        last = self._lines[-1] if self._lines else "it printed nothing"
        error = ProgramError(
            received=f"the end of the {self.name} with exit code {code} ({last})",
            expected=f"a {self.name} that runs until it is told to end",
            fix="read above what it printed; `segmentation doctor` checks this machine",
        )
        error.log = self.printed
        return error

    def refusal(self, reason: str) -> ProgramError:
        """The error for a program that runs, and says that it cannot do its work."""
        error = ProgramError(
            received=f"a {self.name} that cannot start ({reason})",
            expected=f"a {self.name} that becomes active",
            fix="change what it was asked for",
        )
        error.log = self.printed
        return error

    def silence(self, seconds: float, what: str) -> ProgramError:
        """The error for something that did not come about while this program was running."""
        error = ProgramError(
            received=f"no word for {seconds:g} s while waiting for {what}",
            expected="messages between the processes on this machine",
            fix="read above what the node printed; `segmentation doctor` checks this machine",
        )
        error.log = self.printed
        return error

    def _read(self) -> None:
        try:
            for line in self._process.stdout or ():
                self._take(line.rstrip("\n"))
            if self._log is not None:
                with writing(self._log):
                    self._log.write_text(self.printed + "\n", encoding="utf-8")
        except Exception as error:
            self._error = self._error or error
        finally:
            self._events.put(Event(self.name, "ended", {}))

    def _take(self, line: str) -> None:
        event = _event(line)
        if event is not None:
            self._events.put(Event(self.name, event.pop("event"), event))
            return
        self._lines.append(line)
        on_line = self._on_line
        if on_line is not None and self._error is None:
            try:
                on_line(line)
            except Exception as error:
                # What else it prints is read all the same, or it would wait for us for ever.
                self._error = error

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second signal halfway would leave the process behind.
        with held_signals():
            self.stop()


def _event(line: str) -> dict[str, Any] | None:
    """What a line tells as an event; None for any other line, and for half of one."""
    if not line.startswith('{"event"'):
        return None
    try:
        event: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return None
    return event
