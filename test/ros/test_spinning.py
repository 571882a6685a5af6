"""Spinning until a signal: it returns in peace, wherever the signal strikes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dds import Program

from segmentation_node.ros.stop_request import StopRequest

pytestmark = pytest.mark.dds

TIMES = 50
# A timer that fires as fast as it can: a signal finds the executor about to wait, as a rule.
BUSY = """
from segmentation_node.ros.stop_request import StopRequest
from segmentation_node.transport import prepare_process

stop = StopRequest()
prepare_process()
import os, signal, rclpy
from rclpy.signals import SignalHandlerOptions
from segmentation_node.ros.spinning import spin

for _ in range({times}):
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("busy")
    node.create_timer(1e-4, lambda: os.kill(os.getpid(), signal.SIGTERM))
    spin(node, stop)
    node.destroy_node()
    rclpy.shutdown()
    stop.close()
    stop = StopRequest()
print("in peace", flush=True)
"""


@pytest.fixture
def node(domain_id: int) -> Iterator[Any]:
    import rclpy  # noqa: PLC0415

    context = rclpy.Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    made = rclpy.create_node("spun", context=context)
    yield made
    made.destroy_node()
    rclpy.shutdown(context=context)


def test_a_signal_ends_it_after_telling_a_callback_that_takes_long(node: Any) -> None:
    from segmentation_node.ros.spinning import spin  # noqa: PLC0415

    told = threading.Event()
    waited: list[bool] = []

    def build() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        waited.append(told.wait(60.0))

    node.create_timer(0.01, build)
    stop = StopRequest()
    spin(node, stop, on_request=told.set)
    stop.close()
    assert waited == [True]


def test_what_a_callback_raises_is_raised_and_leaves_nothing_to_be_told(node: Any) -> None:
    from segmentation_node.ros.spinning import spin  # noqa: PLC0415

    told: list[str] = []

    def fail() -> None:
        raise ValueError("a fault of the callback")

    node.create_timer(0.01, fail)
    stop = StopRequest()
    with pytest.raises(ValueError, match="fault of the callback"):
        spin(node, stop, on_request=lambda: told.append("too late"))
    os.kill(os.getpid(), signal.SIGINT)
    stop.close()
    assert not told


def test_no_signal_leaves_a_traceback(domain_id: int, tmp_path: Path) -> None:
    script = tmp_path / "busy.py"
    script.write_text(BUSY.format(times=TIMES), encoding="utf-8")
    with Program(str(script), domain_id=domain_id) as program:
        program.wait_for_line("^in peace$", 240.0)
    assert not [line for line in program.lines if "Error" in line]
