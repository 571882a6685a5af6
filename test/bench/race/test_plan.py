"""Over which courses, in which order, and how slowly."""

from __future__ import annotations

import pytest
from made_up_race import CAMERA

from segmentation_node.bench.race.plan import Plan, kept_by_all
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


def test_a_camera_has_each_quality_of_service_at_each_rate() -> None:
    settings = Plan().settings(CAMERA, 7.0)
    assert [str(one) for one in settings] == [
        "720x1280 at 7 Hz, best effort",
        "720x1280 at 7 Hz, reliable",
        "720x1280 at 30 Hz, best effort",
        "720x1280 at 30 Hz, reliable",
    ]


def test_where_all_keep_the_full_rate_there_is_no_slower_one() -> None:
    assert len(Plan().settings(CAMERA, 30.0)) == 2


def test_the_slow_rate_is_well_below_what_the_slowest_can_do() -> None:
    assert kept_by_all({"ours": 30.0, "naive": 10.0}, 30.0) == pytest.approx(7.0)
    assert kept_by_all({"ours": 30.0, "naive": 29.8}, 30.0) == 30.0


@pytest.mark.parametrize("answers_hz", [{}, {"ours": 30.0, "naive": 0.0}])
def test_who_answers_nothing_in_the_trial_is_named(answers_hz: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"no answers from (naive|any contender)"):
        kept_by_all(answers_hz, 30.0)


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
