"""Listening until told to end, and to what is on its way then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from segmentation_node.ros.listening import Listening

pytestmark = pytest.mark.dds


class Stop:
    """A request that the test makes."""

    asked = False


@pytest.fixture
def ears(domain_id: int) -> Iterator[Listening]:
    import rclpy  # noqa: PLC0415

    from segmentation_node.ros.listening import Listening  # noqa: PLC0415

    context = rclpy.Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    stop: Any = Stop()
    found = Listening(rclpy.create_node("ears", context=context), stop)
    yield found
    found.close()
    rclpy.shutdown(context=context)


def test_what_comes_while_it_goes_quiet_is_waited_for(ears: Listening) -> None:
    came: list[float] = []

    def come() -> None:
        came.append(time.monotonic())
        if len(came) == 5:
            timer.cancel()

    timer = ears.node.create_timer(0.05, come)
    ears.until_quiet(lambda: len(came), quiet_s=2.0)
    assert len(came) == 5
    assert time.monotonic() - came[-1] > 2.0


def test_quiet_is_not_enough_while_something_is_missing(ears: Listening) -> None:
    asked: list[int] = []

    def is_complete() -> bool:
        asked.append(1)
        return len(asked) == 3

    ears.until_quiet(lambda: 0, quiet_s=0.0, is_complete=is_complete)
    assert len(asked) == 3


def test_patience_has_an_end(ears: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentation_node.ros.listening.SETTLE_S", 0.3)
    asked: list[int] = []
    ears.until_quiet(lambda: 0, quiet_s=0.0, is_complete=lambda: asked.append(1) is not None)
    assert asked


def test_a_condition_or_the_request_ends_the_wait(ears: Listening) -> None:
    turns: list[int] = []

    def third() -> bool:
        turns.append(1)
        return len(turns) == 3

    ears.until(third)
    assert len(turns) == 3
    assert not ears.is_to_end
    ears._stop.asked = True
    ears.until_told_to_end()
    ears.until(third)
    assert len(turns) == 3
