from __future__ import annotations

import json

import pytest

from segmentation_node.view.status import page_status

VALUES = {
    "state": "active",
    "input_topic": "/camera/image_raw",
    "precision": "bf16",
    "rate_hz": "29.93",
    "skipped": "3",
    "last_malformation": "",
    "frame_budget_ms": "33.333",
    "wait_p50_ms": "0.512",
    "wait_p95_ms": "1.000",
    "wait_p99_ms": "2.449",
    "total_p50_ms": "",
    "total_p95_ms": "",
    "total_p99_ms": "",
    "input_age_p50_ms": "4.000",
}


def test_stages_that_were_timed_are_listed_in_their_order() -> None:
    stages = page_status(0, "fine", VALUES, 1.0)["stages"]
    assert stages == [("wait", "0.5", "1.0", "2.4"), ("input age", "4.0", "", "")]


def test_figures_have_names_and_units_and_those_without_a_value_are_left_out() -> None:
    figures = page_status(1, "slow", VALUES, 1.0)["figures"]
    assert figures == [
        ("Answered", "29.9 frames/s"),
        ("Skipped", "3 frames"),
        ("Precision", "bf16"),
    ]


def test_all_that_has_a_value_is_among_the_details() -> None:
    status = page_status(2, "broken", VALUES, 0.5)
    assert ("state", "active") in status["details"]
    assert "last_malformation" not in dict(status["details"])
    assert (status["level"], status["message"], status["period_s"]) == (2, "broken", 0.5)
    assert (status["budget_ms"], status["input_topic"]) == (33.333, "/camera/image_raw")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "", "many"])
def test_a_budget_that_json_cannot_hold_is_none(value: str) -> None:
    status = page_status(0, "", {"frame_budget_ms": value, "inference_p50_ms": value}, 1.0)
    assert status["budget_ms"] is None
    json.dumps(status, allow_nan=False)


def test_a_node_that_says_next_to_nothing_is_no_trouble() -> None:
    status = page_status(0, "unconfigured", {}, 1.0)
    assert (status["budget_ms"], status["stages"], status["figures"]) == (None, [], [])
    json.dumps(status)
