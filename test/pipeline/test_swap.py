"""The swap: frames never lack what they are computed with, and the latest wish wins."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from segmentation_node.errors import EngineError
from segmentation_node.pipeline.swap import Swap

PATIENCE_S = 10.0


class Bench:
    """A swap of words, on a computing thread of its own; a test may hold or break each step."""

    def __init__(self) -> None:
        self.in_use: list[str] = ["old"]
        self.discarded: list[str] = []
        self.prepared: queue.Queue[str] = queue.Queue()
        self.settled: queue.Queue[bool] = queue.Queue()
        self.may_prepare: dict[str, threading.Event] = {}
        self.is_wanted: dict[str, Callable[[], bool]] = {}
        self.unpreparable: set[str] = set()
        self.unpreparable_once = ""
        self.unswitchable: set[str] = set()
        self.undiscardable: set[str] = set()
        self.during_switch: Callable[[], None] = lambda: None
        self.threads: dict[str, set[int]] = {"prepare": set(), "switch": set()}
        self.actions: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self.owner = threading.Thread(target=self._own)
        self.owner.start()
        self.swap: Swap[str, str] = Swap(
            "old",
            self._prepare,
            self._switch,
            self._discard,
            self.actions.put,
            lambda: self.settled.put(True),
        )

    def begin(self, wanted: str) -> threading.Event:
        """Ask for something, and hold it as soon as it is being made ready."""
        held = self.may_prepare[wanted] = threading.Event()
        self.swap.ask(wanted)
        assert self.prepared.get(timeout=PATIENCE_S) == wanted
        return held

    def close_while(self, held: threading.Event, is_open: Callable[[], bool]) -> None:
        """Close the swap, which waits; what is held goes on once the swap is not open any more."""
        closing = threading.Thread(target=self.swap.close)
        closing.start()
        deadline = time.monotonic() + PATIENCE_S
        while is_open() and time.monotonic() < deadline:
            pass
        held.set()
        closing.join(PATIENCE_S)
        assert not closing.is_alive()
        assert not is_open()

    def settle(self) -> Exception | None:
        assert self.settled.get(timeout=PATIENCE_S)
        failure = self.swap.failure
        return None if failure is None else failure[1]

    def close(self) -> None:
        for held in self.may_prepare.values():
            held.set()
        self.swap.close()
        self.actions.put(None)
        self.owner.join(PATIENCE_S)

    def _own(self) -> None:
        while (action := self.actions.get()) is not None:
            # As a worker does.
            with contextlib.suppress(EngineError):
                action()

    def _prepare(self, wanted: str, is_wanted: Callable[[], bool]) -> str:
        self.is_wanted[wanted] = is_wanted
        self.threads["prepare"].add(threading.get_ident())
        self.prepared.put(wanted)
        if wanted in self.may_prepare:
            assert self.may_prepare[wanted].wait(PATIENCE_S)
        if wanted in self.unpreparable or wanted == self.unpreparable_once:
            self.unpreparable_once = ""
            raise EngineError(wanted, "one that loads", "ask for another")
        return wanted

    def _discard(self, ready: str) -> None:
        if ready in self.undiscardable:
            raise EngineError(ready, "one that can be freed", "restart")
        self.discarded.append(ready)

    def _switch(self, ready: str) -> None:
        self.threads["switch"].add(threading.get_ident())
        self.during_switch()
        if ready in self.unswitchable:
            raise ZeroDivisionError("nobody foresaw this")
        self.in_use.append(ready)


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    one.close()


def test_the_new_one_is_made_ready_on_one_thread_and_taken_into_use_on_another(
    bench: Bench,
) -> None:
    may_prepare = bench.begin("new")
    assert (bench.swap.running, bench.swap.pending, bench.in_use) == ("old", "new", ["old"])
    may_prepare.set()
    assert bench.settle() is None
    assert (bench.swap.running, bench.swap.pending, bench.in_use) == ("new", None, ["old", "new"])
    assert bench.threads["switch"] == {bench.owner.ident}
    assert threading.get_ident() not in bench.threads["prepare"] | bench.threads["switch"]


@pytest.mark.parametrize("step", ["unpreparable", "unswitchable"])
def test_where_a_step_fails_the_old_one_stays_and_another_can_be_tried(
    bench: Bench, step: str
) -> None:
    getattr(bench, step).add("broken")
    bench.swap.ask("broken")
    error = bench.settle()
    assert error is not None
    assert bench.swap.failure == ("broken", error)
    assert (bench.swap.running, bench.swap.pending, bench.in_use) == ("old", None, ["old"])
    assert bench.discarded == (["broken"] if step == "unswitchable" else [])
    bench.swap.ask("new")
    assert bench.settle() is None
    assert (bench.swap.running, bench.swap.failure) == ("new", None)


def test_a_later_wish_wins_over_the_one_that_is_being_made_ready(bench: Bench) -> None:
    may_prepare = bench.begin("first")
    bench.swap.ask("second")
    bench.swap.ask("third")
    may_prepare.set()
    assert bench.settle() is None
    assert bench.in_use == ["old", "third"]
    assert bench.discarded == ["first"]
    assert bench.prepared.get_nowait() == "third"
    assert bench.settled.empty()


def test_the_failure_of_what_is_not_wanted_any_more_is_no_failure(bench: Bench) -> None:
    bench.unpreparable.add("first")
    may_prepare = bench.begin("first")
    bench.swap.ask("second")
    may_prepare.set()
    assert bench.settle() is None
    assert (bench.swap.running, bench.swap.failure) == ("second", None)


def test_to_ask_for_what_runs_gives_the_attempt_up(bench: Bench) -> None:
    may_prepare = bench.begin("new")
    bench.swap.ask("old")
    assert bench.swap.pending is None
    may_prepare.set()
    bench.swap.close()
    assert (bench.in_use, bench.discarded, bench.swap.running) == (["old"], ["new"], "old")


def test_a_wish_during_the_switch_is_brought_about_after_it(bench: Bench) -> None:
    bench.during_switch = lambda: bench.swap.ask("old") if bench.in_use == ["old"] else None
    bench.swap.ask("new")
    assert bench.settle() is None
    assert bench.in_use == ["old", "new", "old"]
    assert bench.swap.running == "old"


def test_closing_waits_and_takes_nothing_into_use(bench: Bench) -> None:
    may_prepare = bench.begin("new")
    bench.close_while(may_prepare, lambda: not bench.swap._closing)
    assert (bench.in_use, bench.discarded) == (["old"], ["new"])
    bench.swap.ask("another")
    assert bench.swap.pending is None


def test_closing_during_the_switch_brings_nothing_back(bench: Bench) -> None:
    switching, may_switch = threading.Event(), threading.Event()

    def hold() -> None:
        switching.set()
        assert may_switch.wait(PATIENCE_S)

    bench.during_switch = hold
    bench.swap.ask("new")
    assert switching.wait(PATIENCE_S)
    bench.close_while(may_switch, lambda: not bench.swap._closing)
    assert (bench.in_use, bench.swap.running) == (["old", "new"], "new")
    assert list(bench.prepared.queue) == ["new"]


def test_what_cannot_even_be_discarded_holds_nobody_up(bench: Bench) -> None:
    bench.unswitchable.add("broken")
    bench.undiscardable.add("broken")
    bench.swap.ask("broken")
    assert isinstance(bench.settle(), ZeroDivisionError)
    bench.swap.ask("new")
    assert bench.settle() is None
    assert bench.in_use == ["old", "new"]


def test_what_is_being_made_ready_is_told_when_something_else_is_wanted(bench: Bench) -> None:
    bench.unpreparable.add("first")
    may_prepare = bench.begin("first")
    assert bench.is_wanted["first"]()
    bench.swap.ask("second")
    assert not bench.is_wanted["first"]()
    may_prepare.set()
    assert bench.settle() is None
    assert bench.in_use == ["old", "second"]


def test_what_gave_up_and_is_wanted_again_is_made_ready_again(bench: Bench) -> None:
    may_prepare = bench.begin("new")
    stopped = bench.is_wanted["new"]
    bench.swap.ask("old")
    assert not stopped()
    bench.swap.ask("new")
    assert not stopped()
    # As a build that was told to stop: it ends with an error, which is nobody's failure.
    bench.unpreparable_once = "new"
    may_prepare.set()
    assert bench.settle() is None
    assert (bench.swap.running, bench.swap.failure) == ("new", None)
    assert bench.prepared.get_nowait() == "new"


def test_closing_tells_what_is_being_made_ready(bench: Bench) -> None:
    may_prepare = bench.begin("new")
    bench.close_while(may_prepare, bench.is_wanted["new"])


def test_a_computing_thread_that_has_ended_is_not_waited_for() -> None:
    settled, discarded = threading.Event(), []
    swap: Swap[str, str] = Swap(
        "old",
        lambda wanted, _: wanted,
        lambda _: None,
        discarded.append,
        lambda _: None,  # nobody does it any more
        settled.set,
        has_ended=lambda: True,
    )
    swap.ask("new")
    assert settled.wait(PATIENCE_S)
    swap.close()
    assert swap.failure is not None
    assert "has ended" in str(swap.failure[1])
    assert (swap.running, discarded) == ("old", ["new"])


def test_what_happened_cannot_be_told_and_another_can_be_tried() -> None:
    told: queue.Queue[str] = queue.Queue()

    def settled() -> None:
        told.put("settled")
        raise ValueError("nobody listens")

    swap: Swap[str, str] = Swap(
        "old", lambda wanted, _: wanted, lambda _: None, lambda _: None, lambda do: do(), settled
    )
    for wanted in ("new", "newer"):
        swap.ask(wanted)
        assert told.get(timeout=PATIENCE_S)
        assert swap.running == wanted
    swap.close()


@pytest.mark.parametrize("broken", ["between_frames", "discard"])
def test_whatever_fails_around_a_step_is_a_failure_and_ends_the_attempt(broken: str) -> None:
    settled = threading.Event()

    def fail(_: object) -> None:
        raise ValueError("it broke")

    swap: Swap[str, str] = Swap(
        "old",
        lambda wanted, _: wanted,
        lambda _: None,
        fail if broken == "discard" else lambda _: None,
        fail if broken == "between_frames" else lambda _: None,
        settled.set,
        has_ended=lambda: True,
    )
    swap.ask("new")
    assert settled.wait(PATIENCE_S)
    swap.close()
    assert swap.failure is not None
    assert swap.running == "old"
