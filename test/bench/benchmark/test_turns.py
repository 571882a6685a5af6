from __future__ import annotations

from collections.abc import Mapping

import pytest

from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.turns import FRAME, Run, take_turns
from segmentation_node.errors import EngineError

PLAN = Plan(frames=6, rounds=3, warm_up=2, settle=1, turn_s=0)


def runs(*names: str, fails_after: Mapping[str, int] | None = None) -> tuple[dict[str, Run], list]:
    """Things to run, and the names of those that were called, in that order."""
    called: list[str] = []

    def run(name: str) -> Run:
        def one(number: int) -> Mapping[str, float]:
            called.append(name)
            if called.count(name) > (fails_after or {}).get(name, 1000):
                raise EngineError("a lost GPU", "a GPU", "restart")
            return {"inference": float(number)}

        return one

    return {name: run(name) for name in names}, called


def test_every_round_holds_a_turn_of_each_and_begins_with_another_one() -> None:
    things, called = runs("a", "b")
    take_turns(things, PLAN, lambda *at: None)
    warm_up, rest = called[:4], called[4:]
    assert warm_up == ["a", "a", "b", "b"]
    # Of each turn: one frame to settle, two that are timed.
    assert "".join(rest) == "aaabbb" + "bbbaaa" + "aaabbb"


def test_all_frames_but_the_settling_ones_are_kept_with_their_stages() -> None:
    things, _ = runs("a")
    record = take_turns(things, PLAN, lambda *at: None)["a"]
    assert (record.frames, len(record.turns)) == (6, 3)
    assert [turn.times_ms["inference"].tolist() for turn in record.turns] == [[0, 1]] * 3
    assert all((turn.times_ms[FRAME] >= 0).all() for turn in record.turns)
    assert record.seconds > 0


def test_a_turn_lasts_as_long_as_the_power_sensors_need() -> None:
    things, _ = runs("a", fails_after={"a": 10**9})
    record = take_turns(things, Plan(frames=1, rounds=1, turn_s=0.05), lambda *at: None)["a"]
    assert record.seconds >= 0.05
    assert record.frames > 1


def test_what_fails_keeps_its_turns_and_the_rest_goes_on() -> None:
    # Two of warm-up, and the first turn; the second fails at its first frame.
    things, _ = runs("a", "b", fails_after={"a": 5})
    records = take_turns(things, PLAN, lambda *at: None)
    assert len(records["a"].turns) == 1
    assert "a lost GPU" in records["a"].error
    assert (len(records["b"].turns), records["b"].error) == (3, "")


def test_what_fails_to_warm_up_has_no_turn() -> None:
    things, called = runs("a", fails_after={"a": 0})
    record = take_turns(things, PLAN, lambda *at: None)["a"]
    assert (record.turns, called) == ([], ["a"])
    assert record.error


def test_progress_is_told_by_round() -> None:
    told: list[tuple[int, int]] = []
    take_turns(runs("a")[0], PLAN, lambda *at: told.append(at))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_defect_of_ours_is_not_taken_for_a_result() -> None:
    def broken(number: int) -> Mapping[str, float]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take_turns({"a": broken}, PLAN, lambda *at: None)
