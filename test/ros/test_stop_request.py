"""Signals: the first is a request, a late one an interrupt, and afterwards all is as before."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from segmentation_node.ros import stop_request
from segmentation_node.ros.stop_request import SIGNALS, StopRequest

PATIENCE_S = 10.0


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


@pytest.mark.parametrize("again", SIGNALS)
def test_signals_that_follow_at_once_are_the_same_wish(
    stop: StopRequest, again: signal.Signals
) -> None:
    for number in (signal.SIGINT, again, signal.SIGINT):
        os.kill(os.getpid(), number)
    assert stop.asked


def test_a_later_signal_interrupts_once(stop: StopRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_request, "SAME_WISH_S", 0.0)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.asked


def test_other_signals_are_no_request(stop: StopRequest) -> None:
    told = threading.Event()
    handled = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: handled.set())
    stop.tell(told.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert handled.wait(PATIENCE_S)
    assert not stop.asked
    signal.signal(signal.SIGUSR1, before)


def test_at_the_end_of_the_process_signals_are_ignored() -> None:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    StopRequest().close(ends_process=True)
    try:
        assert all(signal.getsignal(number) is signal.SIG_IGN for number in SIGNALS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_closing_leaves_handlers_and_threads_as_they_were() -> None:
    before = [signal.getsignal(number) for number in SIGNALS], set(threading.enumerate())
    StopRequest().close()
    assert ([signal.getsignal(number) for number in SIGNALS], set(threading.enumerate())) == before
