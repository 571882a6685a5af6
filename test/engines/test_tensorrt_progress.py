from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from fake_tensorrt import fake_tensorrt

from segmentation_node.engines.tensorrt_progress import (
    BuildProgress,
    interruptible,
    progress_monitor,
)


def test_phases_within_phases_add_up() -> None:
    progress = BuildProgress()
    progress.start_phase("build", None, 4)
    assert progress.complete_step("build", 0)
    assert progress.fraction == pytest.approx(0.25)
    progress.start_phase("optimise", "build", 2)
    progress.complete_step("optimise", 0)
    assert progress.fraction == pytest.approx(0.25 + 0.125)
    progress.start_phase("time", "optimise", 10)
    progress.complete_step("time", 4)
    assert progress.fraction == pytest.approx(0.375 + 0.5 / 8)


def test_it_never_falls_and_ends_at_one() -> None:
    said: list[float] = []
    progress = BuildProgress(lambda fraction, _: said.append(fraction))
    progress.start_phase("build", None, 3)
    for round_ in range(3):
        # A phase may end before its steps are done, and come again under the same name.
        progress.start_phase("part", "build", 5)
        for step in range(5 - round_):
            progress.complete_step("part", step)
        progress.finish_phase("part")
        progress.complete_step("build", round_)
    progress.finish_phase("build")
    assert said == sorted(said)
    assert progress.fraction == 1.0


def test_the_phase_under_way_is_named() -> None:
    said: list[str] = []
    progress = BuildProgress(lambda _, phase: said.append(phase))
    progress.start_phase("Timing tactics", None, 1)
    assert said == ["Timing tactics"]


def test_a_cancelled_build_is_told_to_stop_at_its_next_step() -> None:
    progress = BuildProgress()
    progress.start_phase("build", None, 2)
    assert progress.complete_step("build", 0)
    progress.cancel()
    assert not progress.complete_step("build", 1)
    progress.finish_phase("build")
    assert progress.is_cancelled


def test_a_report_that_fails_stops_the_build_and_not_the_process() -> None:
    def broken(*_: object) -> None:
        raise OSError("the terminal is gone")

    progress = BuildProgress(broken)
    progress.start_phase("build", None, 2)
    assert not progress.complete_step("build", 0)


def test_what_nobody_announced_is_no_fault() -> None:
    progress = BuildProgress()
    assert progress.complete_step("unknown", 3)
    progress.finish_phase("unknown")
    assert progress.fraction == 0.0


def test_tensorrt_sees_a_monitor_of_its_own_kind() -> None:
    library, api = fake_tensorrt()
    progress = BuildProgress()
    monitor = progress_monitor(library, progress)
    assert isinstance(monitor, api.IProgressMonitor)
    monitor.phase_start("build", None, 1)
    assert monitor.step_complete("build", 0)
    monitor.phase_finish("build")
    assert progress.fraction == 1.0


def test_ctrl_c_ends_the_build_and_then_is_raised() -> None:
    progress, ended = BuildProgress(), threading.Event()

    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        deadline = time.monotonic() + 60
        while progress.complete_step("build", 0) and time.monotonic() < deadline:
            time.sleep(0.001)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        interruptible(work, progress)
    assert ended.is_set()
    assert progress.is_cancelled


def test_without_ctrl_c_the_result_or_the_error_comes_through() -> None:
    assert interruptible(lambda: 7, BuildProgress()) == 7

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        interruptible(fail, BuildProgress())
