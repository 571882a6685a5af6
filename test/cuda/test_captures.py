from __future__ import annotations

import threading

import pytest

from segmentation_node.cuda.captures import Captures

PATIENCE_S = 10.0


def test_nothing_is_captured_while_something_is_loaded() -> None:
    captures = Captures()
    assert captures.are_possible
    with captures.kept_away():
        assert not captures.are_possible
        with captures.one() as may:
            assert not may
        # A thread of its own may load another one meanwhile.
        with captures.kept_away():
            pass
        assert not captures.are_possible
    with captures.one() as may, captures.one() as another:
        assert may
        assert another
    assert captures.are_possible


def test_loading_waits_for_a_capture_and_no_longer() -> None:
    captures, order = Captures(), list[str]()

    def load() -> None:
        with captures.kept_away():
            order.append("loaded")

    with captures.one():
        loading = threading.Thread(target=load)
        loading.start()
        loading.join(0.05)
        order.append("captured")
    loading.join(PATIENCE_S)
    assert order == ["captured", "loaded"]


def test_a_load_or_a_capture_that_fails_holds_nobody_up() -> None:
    captures = Captures()
    for block in (captures.kept_away, captures.one):
        with pytest.raises(ZeroDivisionError), block():
            raise ZeroDivisionError
    with captures.kept_away():
        pass
    assert captures.are_possible
