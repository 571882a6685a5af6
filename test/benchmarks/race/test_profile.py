"""The parts of a frame's way come to the whole of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_up_race import run

from benchmarks.race.profile import PARTS, parts_ms, table
from segmentation_node.errors import TransportError

STAGES = {
    "input_age": 4.0,
    "wait": 0.5,
    "read": 0.1,
    "preprocess": 1.0,
    "inference": 10.0,
    "postprocess": 4.0,
    "handover": 0.2,
    "publish": 3.0,
    "encode": 0.0,
    "total": 19.0,
}
WRITTEN_MS, ARRIVED_MS, LATENCY_MS = 21.0, 21.5, 22.5


def noted(frames: int = 3, warm_up: int = 2, **changed: Any) -> Any:
    """A run whose frames all go the same way, after some that took twice as long."""
    stages = {name: [2 * ms] * warm_up + [ms] * frames for name, ms in STAGES.items()}
    found = run([LATENCY_MS] * frames)
    stamps = [stamp for stamp, _ in found.labels]
    marks = [(s + int(WRITTEN_MS * 1e6), s + int(ARRIVED_MS * 1e6)) for s in stamps]
    calls = [(stamp, 1.5) for stamp in stamps]
    details = {"stages_ms": stages, "marks": marks, "calls": calls, **changed}
    return run([LATENCY_MS] * frames, details=details)


def test_parts_come_to_the_whole_latency_of_every_frame() -> None:
    parts = parts_ms(noted())
    assert list(parts) == list(PARTS)
    np.testing.assert_allclose(sum(parts.values()), [LATENCY_MS] * 3)


def test_each_part_is_what_lies_between_two_moments() -> None:
    first = {name: float(times[0]) for name, times in parts_ms(noted()).items()}
    assert first == pytest.approx(
        {
            "send": 1.5,
            "arrive": 2.5,
            "wait": 0.5,
            "read": 0.1,
            "preprocess": 1.0,
            "inference": 10.0,
            "postprocess": 4.0,
            "bookkeeping": 0.2,  # of 19.0 - 3.0 the stages named above are 15.8
            "handover": 0.2,
            "write": 1.0,  # publishing began 20.0 after the stamp
            "return": 0.5,
            "take": 1.0,
        }
    )


def test_an_image_that_arrives_while_it_is_being_sent_has_no_negative_way() -> None:
    calls = [(stamp, 9.0) for stamp, _ in noted().labels]
    parts = parts_ms(noted(calls=calls))
    assert (parts["send"][0], parts["arrive"][0]) == (4.0, 0.0)


def test_fewer_stages_than_frames_are_refused() -> None:
    few = {name: [ms] for name, ms in STAGES.items()}
    with pytest.raises(TransportError, match="3 label images and the stages of 1"):
        parts_ms(noted(stages_ms=few))


def test_stages_of_other_frames_are_refused() -> None:
    slow = {name: [ms + 5.0 * (name == "input_age")] * 3 for name, ms in STAGES.items()}
    with pytest.raises(TransportError, match=r"take -4\.00 ms"):
        parts_ms(noted(stages_ms=slow))


def test_the_table_tells_shares_and_that_nothing_is_missing() -> None:
    parts = {name: {"mean": 2.0, "p50": 2.0, "p95": 2.0, "p99": 2.0} for name in PARTS}
    whole = {"mean": 24.0, "p50": 24.0, "p95": 24.0, "p99": 24.0}
    *rows, total, measured = table({"parts": parts, "latency_ms": whole}).rows
    assert {row[-1] for row in rows} == {"8.3"}
    assert total[2] == measured[2] == "24.00"
