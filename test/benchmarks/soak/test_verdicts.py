"""A phase that went well holds, and each thing that can go wrong in it is a failure with a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_up_soak import NOTES, answers_to, evidence_of, samples_of, sent

from benchmarks.soak.verdicts import JUDGES, Evidence, judge
from segmentation_node.errors import ConfigError


@pytest.mark.parametrize("name", JUDGES)
def test_what_went_well_holds(name: str) -> None:
    verdict = judge(evidence_of(name))
    assert verdict.is_met, verdict
    assert verdict.facts


@pytest.mark.parametrize("name", JUDGES)
def test_a_phase_that_was_not_played_to_its_end_fails(name: str) -> None:
    verdict = judge(evidence_of(name, error="TransportError('nothing for 60 s')"))
    assert not verdict.is_met
    assert "nothing for 60 s" in verdict.complaints[0]


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("node_stalls", {"freed_ns": [0, 99 * 10**9]}, "1 returns not answered within 5 s"),
        ("listener_stalls", {"freed_ns": [99 * 10**9]}, "1 returns not answered within 5 s"),
        ("camera_stops", {"silences_told": 0, "plugged_ns": [0]}, "0 of 1 silences told"),
        ("camera_stops", {"plugged_ns": [99 * 10**9]}, "not answered within 5 s"),
        ("camera_resizes", {"sizes": 3}, "2 sizes alone"),
        ("parameter_flood", {"answered_right": 3}, "2 requests answered otherwise"),
        ("clock_jumps", {"switched": False}, "use_sim_time"),
        ("clock_jumps", {"clock_off_s": [0.1, 7200.0]}, "7200.0 s off"),
        ("clock_jumps", {"jumps_back": 2}, "1 of 2 jumps back"),
        ("slow_subscriber", {"taken": 0}, "got nothing"),
        ("lifecycle_cycles", {"refused": 4}, "4 transitions refused"),
        ("lifecycle_cycles", {"state": "unconfigured"}, "unconfigured at the end"),
    ],
)
def test_what_a_phase_notes_is_judged(name: str, changes: dict[str, Any], said: str) -> None:
    verdict = judge(evidence_of(name, notes={**NOTES[name], **changes}))
    assert any(said in one for one in verdict.complaints), verdict


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("clock_jumps", {"clock_off_s": []}),
        ("camera_stops", {"plugged_ns": []}),
        ("node_stalls", {"freed_ns": []}),
    ],
)
def test_a_phase_that_noted_nothing_is_judged_all_the_same(
    name: str, changes: dict[str, Any]
) -> None:
    assert judge(evidence_of(name, notes={**NOTES[name], **changes})).facts


def test_what_is_told_of_a_phase_is_what_was_found_and_not_what_was_hoped_for() -> None:
    notes = {**NOTES["camera_stops"], "silences_told": 0, "plugged_ns": [0]}
    untold = judge(evidence_of("camera_stops", notes=notes))
    assert untold.facts.startswith("0 of 1 silences told")
    unanswered = judge(evidence_of("after_the_faults", answers=answers_to(sent(0.0)[:8])))
    assert unanswered.facts == "8 of 10 images answered"


def test_a_listener_that_was_held_up_may_miss_labels_and_a_node_may_not() -> None:
    missed = answers_to(sent(0.0)[:8])
    forgiven = judge(evidence_of("listener_stalls", answers=missed))
    assert forgiven.is_met
    assert forgiven.facts.endswith("2 labels given up")
    assert "2 labels lost" in judge(evidence_of("node_stalls", answers=missed)).complaints


def test_cycles_without_samples_of_their_memory_do_not_pass() -> None:
    verdict = judge(replace(evidence_of("lifecycle_cycles"), samples=()))
    assert "fewer than two samples of its memory" in verdict.complaints


COUNTED = ("steady", "camera_resizes", "parameter_flood", "slow_subscriber", "after_the_faults")


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"received": 8, "processed": 10}, "2 images never received"),
        ({"received": 10, "processed": 10, "failed": 1}, "1 images failed"),
        ({"received": 10, "processed": 12}, "2 labels lost"),
    ],
)
def test_images_that_are_lost_are_named(name: str, after: dict[str, int], said: str) -> None:
    verdict = judge(evidence_of(name, after=after))
    assert said in verdict.complaints


def test_frames_left_for_newer_ones_are_no_loss() -> None:
    after = {"received": 10, "processed": 8, "skipped": 2}
    verdict = judge(evidence_of("steady", answers=answers_to(sent(0.0)[:8]), after=after))
    assert verdict.is_met, verdict


def test_labels_of_another_size_are_named() -> None:
    shrunk = [(stamp, at, 24, 32) for stamp, at, *_ in sent(0.0)]
    verdict = judge(evidence_of("camera_resizes", answers=answers_to(shrunk)))
    assert "5 labels of a wrong size" in verdict.complaints


@pytest.mark.parametrize("name", ["steady", "lifecycle_cycles"])
def test_growth_is_a_failure(name: str) -> None:
    whole = evidence_of(name)
    verdict = judge(replace(whole, samples=samples_of(0.0, slope_mib_s=2.0)))
    assert any("memory grew by" in one for one in verdict.complaints)


@pytest.mark.parametrize("name", ["steady", "lifecycle_cycles"])
def test_files_that_stay_open_are_a_failure(name: str) -> None:
    whole = evidence_of(name)
    verdict = judge(Evidence(whole.phase, whole.traffic, samples_of(0.0, more_files=9)))
    assert "9 more files" in verdict.complaints


def test_a_node_that_answers_nothing_does_not_pass() -> None:
    verdict = judge(evidence_of("camera_stops", answers=answers_to([]), after={}))
    assert "no image answered" in verdict.complaints


def test_a_phase_that_nobody_can_judge_is_an_error() -> None:
    strange = evidence_of("steady")
    with pytest.raises(ConfigError, match="earthquake"):
        judge(replace(strange, phase=replace(strange.phase, name="earthquake")))
