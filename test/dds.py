"""Helpers for tests that start programs of the package and talk to them over real DDS.

A test takes the fixture `domain_id` (a ROS domain that nobody else on this machine uses while the
test runs), starts a program with `Program`, and watches it from this process with `Observer`.
Nothing here sleeps and hopes: every wait has a condition and a deadline.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

# Those above are the demo's, which knows nothing of the locks here.
DOMAINS = range(1, 51)
LOCKS = Path(tempfile.gettempdir()) / f"segmentation_node_domains_{os.getuid()}"
PATIENCE_S = 60.0
GRACE_S = 10.0

Message = TypeVar("Message")


@contextlib.contextmanager
def claimed_domain() -> Iterator[int]:
    """A ROS domain id of its own; a lock on a file keeps it from every other test process."""
    LOCKS.mkdir(exist_ok=True)
    for domain_id in DOMAINS:
        with (LOCKS / str(domain_id)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            if not is_inhabited(domain_id):
                yield domain_id
                return
    raise RuntimeError(f"all {len(DOMAINS)} ROS domains of this machine are in use")


def is_inhabited(domain_id: int) -> bool:
    """Whether a program that knows nothing of our locks is in the domain: it holds its first port.

    The port is that of the DDS standard (RTPS 2.2, section 9.6.1.1).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", 7400 + 250 * domain_id + 10))
        except OSError:
            return True
    return False


@pytest.fixture
def domain_id(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A ROS domain for one test, seen on this machine only; set in the environment as well."""
    with claimed_domain() as claimed:
        for name, value in dds_environment(claimed).items():
            monkeypatch.setenv(name, value)
        yield claimed


def dds_environment(domain_id: int) -> dict[str, str]:
    """The variables that put a program into a domain on this machine alone."""
    return {
        "ROS_DOMAIN_ID": str(domain_id),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }


def wait_until(
    condition: Callable[[], object],
    what: str | Callable[[], str],
    timeout_s: float = PATIENCE_S,
    step_s: float = 0.01,
) -> None:
    """Ask `condition` until it holds, for things that can only be asked (such as discovery).

    What is waited for is asked at the end, where it says how things stand.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            missing = what if isinstance(what, str) else what()
            raise TimeoutError(f"after {timeout_s} s still waiting for {missing}")
        threading.Event().wait(step_s)


def parameter_arguments(parameters: Mapping[str, object]) -> list[str]:
    """`-p name:=value` for each; a string keeps its quotes, so that YAML reads it as one."""
    text = {True: "true", False: "false"}
    pairs = (
        f"{name}:={text[value] if isinstance(value, bool) else repr(value)}"
        for name, value in parameters.items()
    )
    return [word for pair in pairs for word in ("-p", pair)]


class Program:
    """A program of the package in its own process, its output read line by line as it comes.

    Args:
        command: The words after the Python interpreter, such as `-m package.module`.
        domain_id: The ROS domain it shall live in.
        parameters: ROS parameters to set on its node.
        arguments: Further words after `--ros-args`, such as remappings.
        environment: Variables to set beside those of this process.
    """

    def __init__(
        self,
        *command: str,
        domain_id: int,
        parameters: Mapping[str, object] | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        ros = [*parameter_arguments(parameters or {}), *arguments]
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._log_folder = tempfile.TemporaryDirectory(prefix="ros_log_")
        self._ended = False
        self.process = subprocess.Popen(
            [sys.executable, *command, *(["--ros-args", *ros] if ros else [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env=self._environment(domain_id, environment or {}),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _environment(self, domain_id: int, more: Mapping[str, str]) -> dict[str, str]:
        logging = {
            "ROS_LOG_DIR": self._log_folder.name,
            "PYTHONUNBUFFERED": "1",
            "RCUTILS_LOGGING_BUFFERED_STREAM": "0",
            "RCUTILS_COLORIZED_OUTPUT": "0",
        }
        return {**os.environ, **dds_environment(domain_id), **logging, **more}

    def _read(self) -> None:
        stream = self.process.stdout
        if stream is None:
            return
        for line in stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def matching(self, pattern: str) -> list[str]:
        """The lines so far in which the regular expression is found."""
        return [line for line in list(self.lines) if re.search(pattern, line)]

    def wait_for_line(self, pattern: str, timeout_s: float = PATIENCE_S) -> str:
        """The first line in which the regular expression is found, as soon as it is printed."""
        with self._changed:
            self._changed.wait_for(lambda: self.matching(pattern) or self._ended, timeout_s)
        found = self.matching(pattern)
        if not found:
            raise TimeoutError(f"no line with {pattern!r} from {self.process.args}:\n{self.output}")
        return found[0]

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and give the exit status, with all of the output read."""
        self.process.send_signal(with_signal)
        return self.wait()

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """The exit status, once the program has ended by itself."""
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.process.args} still runs:\n{self.output}") from None
        self._reader.join(timeout_s)
        return status

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        # Killed at once it would leave its shared memory behind.
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_S)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log_folder.cleanup()


class Collected(Generic[Message]):
    """What arrived on one topic, in order, and a way to wait for more."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._messages: list[Message] = []
        self._arrived = threading.Condition()

    def add(self, message: Message) -> None:
        with self._arrived:
            self._messages.append(message)
            self._arrived.notify_all()

    def __len__(self) -> int:
        return len(self._messages)

    def __getitem__(self, index: int) -> Message:
        return self._messages[index]

    @property
    def messages(self) -> list[Message]:
        return list(self._messages)

    def wait(self, count: int, timeout_s: float = PATIENCE_S) -> list[Message]:
        """All messages so far, once there are at least `count`."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._messages) >= count, timeout_s):
                got = len(self._messages)
                raise TimeoutError(f"{got} of {count} messages on {self.topic} in {timeout_s} s")
        return self.messages

    def wait_for(
        self, condition: Callable[[Message], object], what: str, timeout_s: float = PATIENCE_S
    ) -> Message:
        """The first message, past or to come, that fulfils the condition."""

        def found() -> list[Message]:
            return [message for message in self._messages if condition(message)]

        with self._arrived:
            if not self._arrived.wait_for(found, timeout_s):
                last = self._messages[-1] if self._messages else "nothing"
                raise TimeoutError(f"no {what} on {self.topic}; the last message: {last}")
            return found()[0]


class Observer:
    """A node of this process, in the test's domain, that publishes, listens and calls services."""

    def __init__(self, domain_id: int, name: str = "observer") -> None:
        import rclpy  # noqa: PLC0415
        from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415

        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context, domain_id=domain_id)
        self.node = rclpy.create_node(name, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        while not self._stopping.is_set():
            self._executor.spin_once(timeout_sec=0.2)

    def collect(self, message_type: type[Message], topic: str, qos: Any = 10) -> Collected[Message]:
        """Subscribe and wait until a publisher is found; what arrives is kept."""
        return self._subscribe(message_type, topic, qos)[1]

    @contextlib.contextmanager
    def listening(
        self, message_type: type[Message], topic: str, qos: Any = 10
    ) -> Iterator[Collected[Message]]:
        """Subscribe for the length of a `with` block; what arrives is kept."""
        subscription, collected = self._subscribe(message_type, topic, qos)
        try:
            yield collected
        finally:
            self.node.destroy_subscription(subscription)
            self._executor.wake()

    def _subscribe(
        self, message_type: type[Message], topic: str, qos: Any
    ) -> tuple[Any, Collected[Message]]:
        collected: Collected[Message] = Collected(topic)
        subscription = self.node.create_subscription(message_type, topic, collected.add, qos)
        self._executor.wake()
        wait_until(lambda: self.node.count_publishers(topic), f"a publisher of {topic}")
        return subscription, collected

    def publisher(self, message_type: type[Message], topic: str, qos: Any = 10) -> Any:
        """A publisher that has found its subscriber."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        wait_until(publisher.get_subscription_count, f"a subscriber of {topic}")
        return publisher

    def call(
        self, service_type: Any, service: str, request: Any, timeout_s: float = PATIENCE_S
    ) -> Any:
        """The response of a service that may still have to appear."""
        client = self.node.create_client(service_type, service)
        if not client.wait_for_service(timeout_s):
            raise TimeoutError(f"no service {service}")
        answered = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        self._executor.wake()
        if not answered.wait(timeout_s):
            raise TimeoutError(f"no answer from {service}")
        self.node.destroy_client(client)
        return future.result()

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._executor.wake()
        self._thread.join(PATIENCE_S)
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()


@pytest.fixture
def observer(domain_id: int) -> Iterator[Observer]:
    """A node of this process in the test's own domain."""
    with Observer(domain_id) as watching:
        yield watching
