"""Goals are judged by the figures alone."""

from __future__ import annotations

from made_up_race import CAMERA, FAST, SLOW, race, result

from benchmarks.race.goals import judge
from segmentation_node.core.geometry import NetworkSize

RATES = {str(CAMERA): SLOW}


def verdicts(results: list) -> list[str]:
    return [goal.verdict for goal in judge(results, RATES)]


def test_goals_that_the_figures_reach_are_met() -> None:
    fast_engine = [result("naive_engine", 25.0, rate) for rate in (SLOW, FAST)]
    assert verdicts([*race()["results"], *fast_engine]) == ["met"] * 4


def test_without_figures_nothing_is_met() -> None:
    assert verdicts([]) == ["not measured"] * 4


def test_one_lost_image_is_too_many_and_so_is_one_lost_colour() -> None:
    assert verdicts([result("ours", 10.0, sent=5)])[0] == "not met"
    assert verdicts([result("ours", 10.0, colors=3)])[0] == "not met"
    assert verdicts([result("ours", 10.0)])[0] == "met"


def test_a_queue_of_the_slower_one_does_not_flatter() -> None:
    """At 30 Hz the naive node saturates: only the rate that it can keep counts."""
    saturated = [result("ours", 10.0), result("naive", 400.0)]
    below = [result("ours", 10.0, SLOW), result("naive", 20.0, SLOW)]
    assert verdicts(saturated)[1] == "not measured"
    assert verdicts([*saturated, *below])[1] == "not met"


def test_the_worst_course_decides_and_is_named() -> None:
    best_effort = [result(n, p, SLOW, reliable=False) for n, p in (("ours", 10), ("naive", 29))]
    reliable = [result(n, p, SLOW) for n, p in (("ours", 10), ("naive", 90))]
    goal = judge([*best_effort, *reliable], RATES)[1]
    assert (goal.worst, goal.is_met) == (2.9, False)
    assert goal.where == "720x1280 at 5 Hz, best_effort"


def test_overhead_counts_for_the_camera_of_the_goal_alone() -> None:
    large = NetworkSize(1080, 1920)
    names = (("ours", 30.0), ("echo", 3.0), ("alone", 5.0))
    results = [result(n, p, camera=large, segment_ms=(6.0,)) for n, p in names]
    judged = judge(results, {str(large): SLOW})
    assert judged[3].verdict == "not measured"
