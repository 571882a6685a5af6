"""Over which courses, in which order, and how slowly."""

from __future__ import annotations

import pytest
from made_up_race import CAMERA

from benchmarks.race.plan import Plan, judged_rate, paces
from segmentation_node.errors import ConfigError


def test_each_round_begins_with_another_contender() -> None:
    plan = Plan(names=("ours", "naive", "echo"), rounds=4)
    assert list(plan.turns()) == [
        ("ours", "naive", "echo"),
        ("naive", "echo", "ours"),
        ("echo", "ours", "naive"),
        ("ours", "naive", "echo"),
    ]
    assert plan.turn_s == 15.0


def test_a_camera_has_each_quality_of_service() -> None:
    settings = Plan().settings(CAMERA, 7.0)
    assert [str(one) for one in settings] == [
        "720x1280 at 7 Hz, best effort",
        "720x1280 at 7 Hz, reliable",
    ]


def test_where_all_keep_the_full_rate_there_is_no_slower_one() -> None:
    answers = {"ours": 30.0, "naive": 29.8}
    assert judged_rate(answers, 30.0) == 30.0
    assert paces(("ours", "naive"), answers, 30.0, 30.0) == {30.0: ("ours", "naive")}


def test_the_judged_rate_is_well_below_what_the_slowest_of_the_goals_can_do() -> None:
    assert judged_rate({"ours": 30.0, "naive": 10.0, "naive_torch": 2.0}, 30.0) == 7.0
    # Without any of them, of all.
    assert judged_rate({"naive_coarse": 10.0, "naive_torch": 2.0}, 30.0) == 1.4


def test_who_cannot_keep_the_judged_rate_runs_below_it_with_our_node() -> None:
    names = ("ours", "naive", "naive_torch", "echo")
    answers = {"ours": 30.0, "naive": 10.0, "naive_torch": 2.0}
    assert paces(names, answers, 7.0, 30.0) == {
        1.4: ("ours", "naive_torch"),
        7.0: ("ours", "naive", "echo"),
        30.0: names,
    }
    # A rate that was given is for all.
    assert paces(names, {}, 5.0, 30.0) == {5.0: names, 30.0: names}


def test_where_the_goals_contenders_keep_the_full_rate_a_slower_one_runs_there_too() -> None:
    names, answers = ("ours", "naive_torch"), {"ours": 30.0, "naive_torch": 10.0}
    assert paces(names, answers, 30.0, 30.0) == {7.0: names, 30.0: names}


@pytest.mark.parametrize("answers_hz", [{}, {"ours": 30.0, "naive": 0.0}])
def test_who_answers_nothing_in_the_trial_is_named(answers_hz: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"no answers from (naive|any contender)"):
        judged_rate(answers_hz, 30.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", 0.0),
        ("rounds", 0),
        ("rate_hz", -1.0),
        ("slow_rate_hz", 0.0),
        ("trial_s", float("nan")),
    ],
)
def test_figures_that_make_no_race_are_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{name}: .*expected more than 0"):
        Plan(**{name: value})


@pytest.mark.parametrize("names", [(), ("ours", "nobody")])
def test_contenders_that_are_none_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"received the contenders (none|ours, nobody)"):
        Plan(names=names)
