"""What acts on a running node from outside: parameters, transitions, and what it says of itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from segmentation_node.errors import TransportError

TRANSITIONS: Mapping[str, int] = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
    "cleanup": Transition.TRANSITION_CLEANUP,
}

COUNTS = ("received", "processed", "skipped", "limited", "malformed", "failed", "stamp_jumps")
"""What the node counts, by the keys of its diagnostics; the first is the sum of the next five."""

_SERVICES: Mapping[str, Any] = {
    "change_state": ChangeState,
    "get_state": GetState,
    "set_parameters": SetParameters,
}

ANSWER_S = 60.0
"""Longest time to wait for one answer: a transition may load a network on a busy machine."""


class Hand:
    """A node of its own in this process, spun by a thread.

    Args:
        name: What to call it.
        under_test: Full name of the node that it acts on.
    """

    def __init__(self, name: str, under_test: str) -> None:
        self.node = rclpy.create_node(name)
        self._under_test = under_test
        self._clients = {
            service: self.node.create_client(kind, f"{under_test}/{service}")
            for service, kind in _SERVICES.items()
        }
        self._status: DiagnosticStatus | None = None
        self._heard = 0
        self.told_ns = 0
        """Stamp of the latest diagnostics, ns by the clock of the node under test."""
        self._news = threading.Condition()
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._hear, 10)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, name="hand", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and the node."""
        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()

    @property
    def level(self) -> bytes:
        """The level of the latest diagnostics; STALE while there were none."""
        return bytes(DiagnosticStatus.STALE if self._status is None else self._status.level)

    @property
    def facts(self) -> dict[str, str]:
        """The latest diagnostics by key."""
        status = self._status
        return {} if status is None else {one.key: one.value for one in status.values}

    @property
    def counts(self) -> dict[str, int]:
        """What the node counted so far; zero where it is not configured."""
        facts = self.facts
        return {name: int(facts.get(name, 0)) for name in COUNTS}

    def wait_for_news(self, within_s: float = ANSWER_S) -> None:
        """Wait for the next diagnostics.

        Raises:
            TransportError: None came.
        """
        with self._news:
            heard = self._heard
            if not self._news.wait_for(lambda: self._heard > heard, within_s):
                raise _silence("a message on /diagnostics", within_s)

    def hears(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Whether something holds of the next diagnostics, or of any within a time.

        Raises:
            TransportError: None came.
        """
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self.wait_for_news()
            if condition():
                return True
        return False

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for diagnostics that something holds of.

        Raises:
            TransportError: None came, or it held of none.
        """
        if not condition() and not self.hears(condition, ANSWER_S):
            raise _silence(what, ANSWER_S)

    def settled_counts(self) -> dict[str, int]:
        """What was counted, once all that arrived has become of something and no more arrives.

        Raises:
            TransportError: Frames go on arriving, or some become of nothing.
        """
        deadline, latest = time.monotonic() + ANSWER_S, None
        while time.monotonic() < deadline:
            self.wait_for_news()
            counts = self.counts
            if counts == latest and counts["received"] == sum(counts[one] for one in COUNTS[1:6]):
                return counts
            latest = counts
        raise _silence(f"the end of all frames ({latest})", ANSWER_S)

    def state(self) -> str:
        """The lifecycle state by its own service."""
        return str(self._call("get_state", GetState.Request()).current_state.label)

    def change_state(self, transition: str) -> bool:
        """Ask for a transition of `TRANSITIONS`; whether it was made."""
        request = ChangeState.Request(transition=Transition(id=TRANSITIONS[transition]))
        return bool(self._call("change_state", request).success)

    def set(self, values: Sequence[tuple[str, object]]) -> list[bool]:
        """Set parameters one after the other in one request; which were taken."""
        messages = [Parameter(name, value=value).to_parameter_msg() for name, value in values]
        request = SetParameters.Request(parameters=messages)
        results = self._call("set_parameters", request).results
        return [bool(one.successful) for one in results]

    def _call(self, name: str, request: Any) -> Any:
        client, answered = self._clients[name], threading.Event()
        if not client.wait_for_service(ANSWER_S):
            raise _silence(f"the service {name}", ANSWER_S)
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        self._executor.wake()
        if not answered.wait(ANSWER_S):
            raise _silence(f"an answer from {name}", ANSWER_S)
        return future.result()

    def _hear(self, message: DiagnosticArray) -> None:
        wanted = f"{self._under_test.lstrip('/')}: segmentation"
        for status in message.status:
            if status.name == wanted:
                with self._news:
                    stamp = message.header.stamp
                    self._status, self.told_ns = status, stamp.sec * 10**9 + stamp.nanosec
                    self._heard += 1
                    self._news.notify_all()


def _silence(what: str, within_s: float) -> TransportError:
    return TransportError(
        received=f"nothing for {within_s:g} s while waiting for {what}",
        expected="a node that answers",
        fix="read the node's log",
    )
