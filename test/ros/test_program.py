from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from segmentation_node.errors import BagError
from segmentation_node.ros import program
from segmentation_node.ros.program import INTERRUPTED, run_program


@pytest.fixture(autouse=True)
def own_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(program, "prepare_process", lambda: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_an_error_of_ours_is_one_line_and_exit_status_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise BagError("an empty file", "a bag", "record one")

    assert run_program(fail) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error: {BagError('an empty file', 'a bag', 'record one')}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_either_signal_ends_it_by_way_of_finally(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    tidied = []

    def wait() -> None:
        try:
            signal.raise_signal(number)
        finally:
            tidied.append(number)

    assert run_program(wait) == 0
    assert run_program(wait, INTERRUPTED) == INTERRUPTED
    assert tidied == [number, number]
    assert capsys.readouterr().err == ""


def test_a_signal_that_repeats_the_first_does_not_disturb_its_end() -> None:
    tidied = []

    def wait() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            tidied.append(True)

    assert run_program(wait) == 0
    assert tidied == [True]


def test_what_nobody_foresaw_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_program(lambda: print(1 // 0))


def test_the_rest_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(lambda: print("done")) == 0
    assert capsys.readouterr() == ("done\n", "")
