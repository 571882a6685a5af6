"""The order of a race, and that one failure does not end it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_race import run

from benchmarks.race import run as whole
from benchmarks.race.plan import Plan
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import TransportError

CAMERA = NetworkSize(36, 64)
PLAN = Plan(cameras=(CAMERA,), names=("ours", "naive_engine"), rounds=2, seconds=4.0)


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was driven, in order; nothing really is: a naive node answers every fifth image."""
    seen: list[tuple[str, Any]] = []

    def drive(contender: Any, _: object, course: Any) -> Any:
        seen.append((contender.title, course))
        is_ours = contender.module == "node"
        return run([10.0] * 6) if is_ours else run([500.0 * at for at in range(1, 4)], sent=6)

    monkeypatch.setattr(whole, "drive", drive)
    return seen


def test_a_trial_finds_the_slow_rate_and_then_all_take_turns(driven: list[Any]) -> None:
    figures = whole.race(PLAN, lambda _: None)
    # Images 100 ms apart, answers 600 ms apart: 0.7 of what the slower one can do.
    assert figures["judged_rate_hz"] == {"36x64": 1.2}
    assert figures["answers_hz"]["36x64"]["naive_engine"] == pytest.approx(5 / 3)
    trial, turns = driven[:2], driven[2:]
    assert {course.setting.rate_hz for _, course in trial} == {30.0}
    assert {course.seconds for _, course in turns} == {2.0}
    titles = [title for title, _ in turns]
    assert titles[:2] == ["this node", "naive, our engine"]
    assert titles[8:10] == ["naive, our engine", "this node"]
    assert len(turns) == 2 * 4 * 2  # rounds, courses, contenders
    assert len(figures["results"]) == 4 * 2


def test_the_images_of_a_course_are_of_its_camera_and_gone_afterwards(driven: list[Any]) -> None:
    with whole.courses(PLAN) as course_of:
        course = course_of(PLAN.settings(CAMERA, 1.0)[0], 2.0)
        assert np.load(course.images).shape == (whole.IMAGES, 36, 64, 3)
    assert not Path(course.images).exists()
    assert driven == []


def test_a_turn_that_fails_is_noted_and_the_race_goes_on(
    driven: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, told = whole.drive, []

    def drive(contender: Any, computation: object, course: Any) -> Any:
        if contender.module != "node" and course.seconds == 2.0:
            raise TransportError("the end of it", "a program that runs", "read above")
        return good(contender, computation, course)

    monkeypatch.setattr(whole, "drive", drive)
    figures = whole.race(PLAN, told.append)
    assert len(figures["failures"]) == 2 * 4
    assert "naive, our engine: received the end of it" in figures["failures"][0]
    assert {one["contender"] for one in figures["results"]} == {"ours"}
    assert figures["failures"][0] in told


def test_a_slow_rate_that_is_given_needs_no_trial(driven: list[Any]) -> None:
    plan = Plan(cameras=(CAMERA,), names=("ours",), rounds=1, slow_rate_hz=2.0)
    assert whole.race(plan, lambda _: None)["judged_rate_hz"] == {"36x64": 2.0}
    assert len(driven) == 4


def test_who_cannot_keep_the_judged_rate_has_one_of_his_own_with_our_node(
    driven: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = whole.drive

    def drive(contender: Any, computation: object, course: Any) -> Any:
        if contender.title != "naive, PyTorch":
            return good(contender, computation, course)
        return run([2000.0 * at for at in range(1, 4)], sent=6)

    monkeypatch.setattr(whole, "drive", drive)
    monkeypatch.setattr(whole, "_present", lambda plan, _: (plan, {}))
    names = ("ours", "naive_engine", "naive_torch", "echo")
    plan = Plan(cameras=(CAMERA,), names=names, rounds=1, qualities=(True,))
    figures = whole.race(plan, lambda _: None)
    assert figures["judged_rate_hz"] == {"36x64": 1.2}
    ran = [(one["rate_hz"], one["contender"]) for one in figures["results"]]
    assert ran == [
        (0.3, "ours"),
        (0.3, "naive_torch"),
        (1.2, "ours"),
        (1.2, "naive_engine"),
        (1.2, "echo"),
        *((30.0, name) for name in names),
    ]
