"""What is told of a build while it goes on, and how it is ended from another thread."""

from __future__ import annotations

import threading

import pytest

from segmentation_node.engines.build_watch import BuildWatch
from segmentation_node.errors import EngineError


def test_nothing_is_told_before_a_build_and_after_it() -> None:
    watch = BuildWatch()
    assert watch.state is None
    watch.progress()
    watch.begin("camvid fp16 256x512", "no engine of this kind in the cache")
    assert watch.state is not None
    watch.end("built in 3 s")
    assert (watch.state, watch.outcome) == (None, "built in 3 s")


def test_a_build_tells_its_share_phase_and_reason() -> None:
    watch = BuildWatch()
    progress = watch.progress()
    watch.begin("camvid fp16 256x512", "an empty plan")
    progress.start_phase("tactics", None, 4)
    progress.complete_step("tactics", 0)
    state = watch.state
    assert state is not None
    assert (state.fraction, state.phase, state.reason) == (0.25, "tactics", "an empty plan")
    assert str(state) == "building the engine: 25% after 0 s (tactics)"


def test_the_next_build_begins_at_nothing() -> None:
    watch = BuildWatch()
    first = watch.progress()
    first.start_phase("all", None, 1)
    first.finish_phase("all")
    second = watch.progress()
    watch.begin("camvid fp16 512x1024", "no engine of this kind in the cache")
    assert (first.fraction, second.fraction) == (1.0, 0.0)
    assert watch.state is not None
    assert watch.state.fraction == 0.0


def test_waiting_for_another_process_is_told_as_well() -> None:
    watch = BuildWatch()
    watch.progress()
    watch.wait("waiting for process 42, which is building this engine")
    assert watch.state is not None
    assert "process 42" in str(watch.state)


def test_a_cancelled_build_stops_at_its_next_step_and_no_other_begins() -> None:
    watch = BuildWatch()
    progress = watch.progress()
    progress.start_phase("all", None, 2)
    thread = threading.Thread(target=watch.cancel)
    thread.start()
    thread.join()
    assert not progress.complete_step("all", 0)
    with pytest.raises(EngineError, match="a request to stop"):
        watch.progress()


def test_a_build_that_is_not_wanted_any_more_stops_and_the_next_one_begins() -> None:
    watch, wanted = BuildWatch(), [True]
    with watch.while_wanted(lambda: wanted[0]):
        progress = watch.progress()
        progress.start_phase("all", None, 2)
        assert progress.complete_step("all", 0)
        wanted[0] = False
        assert not progress.complete_step("all", 1)
        assert watch.is_cancelled
        with pytest.raises(EngineError, match="a request to stop"):
            watch.progress()
    assert not watch.is_cancelled
    assert watch.progress().complete_step("all", 0)
