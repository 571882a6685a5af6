"""What the turns of a contender come to together."""

from __future__ import annotations

import pytest
from made_up_race import CAMERA, FAST, result, run

from benchmarks.race.course import Setting
from benchmarks.race.results import find, overhead_ms, ratio, result_of

SETTING = Setting(CAMERA, FAST, reliable=False)


def test_turns_are_pooled_and_no_frame_is_left_out() -> None:
    turns = [run([10.0, 20.0], sent=3), run([30.0], sent=2)]
    found = result_of("ours", "this node", SETTING, turns)
    assert (found["sent"], found["received"], found["lost"]) == (5, 3, 2)
    assert found["latency_ms"] == {"p50": 20.0, "p95": 29.0, "p99": 29.8, "max": 30.0}
    assert found["turns_p50_ms"] == [15.0, 30.0]
    assert found["qos"] == "best_effort"


def test_processor_time_counts_by_frames_sent_and_frames_answered() -> None:
    found = result_of("ours", "this node", SETTING, [run([10.0, 20.0], sent=4)])
    assert found["cpu_ms_per_frame"] == {"source": 2.5, "node": 100.0, "subscriber": 15.0}


def test_who_answers_nothing_has_no_latency_and_no_cost_of_a_frame() -> None:
    found = result_of("naive", "naive", SETTING, [run([], sent=4, colors=0)])
    assert (found["lost"], found["colors_lost"], found["latency_ms"]) == (4, 4, {})
    assert found["cpu_ms_per_frame"]["node"] is None
    assert ratio(found, result("ours", 10.0)) is None


def test_who_sends_no_colours_loses_none() -> None:
    assert result("echo", 3.0, colors=None)["colors_lost"] is None


def test_a_ratio_is_of_medians() -> None:
    assert ratio(result("naive", 40.0), result("ours", 10.0)) == 4.0
    assert ratio(result("naive", 40.0), None) is None


def test_another_contender_is_found_on_the_same_course_only() -> None:
    other = result("naive", 40.0, rate_hz=5.0)
    assert find([other], "naive", result("ours", 10.0)) is None
    assert find([other], "naive", result("ours", 10.0, rate_hz=5.0)) is other


def test_overhead_is_over_the_frame_alone_and_the_way_alone() -> None:
    ours = result("ours", 10.0)
    references = [result("echo", 3.0), result("alone", 5.0, segment_ms=(6.0, 6.0))]
    assert overhead_ms([ours, *references], ours) == pytest.approx(1.0)
    assert overhead_ms([ours, references[0]], ours) is None
    unmeasured = result("alone", 5.0)
    assert overhead_ms([ours, references[0], unmeasured], ours) is None
