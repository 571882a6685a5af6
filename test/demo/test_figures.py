from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_19
from segmentation_node.demo.figures import figures, percentiles, stages_ms
from segmentation_node.demo.frames import DemoFrame
from segmentation_node.demo.score import Score
from segmentation_node.demo.session import Outcome

FACTS = {
    "skipped": "2",
    "received": "10",
    "processed": "8",
    "malformed": "0",
    "precision": "bf16",
    "total_p50_ms": "12.5",
    "total_p95_ms": "",
    "publish_rate_hz": "3",
}


def outcome(sent: int = 10) -> Outcome:
    rows = tuple((index, 1000 + index, 10_000) for index in range(sent))
    return Outcome(Path("recording.mcap"), rows, FACTS, {"node": 1.0}, 0.3)


def frame(predicted: int, true: int | None) -> DemoFrame:
    labels = np.full((2, 2), predicted, np.uint8)
    truth = None if true is None else np.full((2, 2), true, np.uint8)
    return DemoFrame(0, 0.0, np.zeros((2, 2, 3), np.uint8), labels, truth, 1.0)


def test_what_was_not_answered_and_not_skipped_is_lost() -> None:
    found = figures(outcome(), [5.0] * 7)
    assert [found[f"frames_{name}"] for name in ("sent", "answered", "skipped", "lost")] == [
        10,
        7,
        2,
        1,
    ]
    assert found["precision"] == "bf16"
    json.dumps(found, allow_nan=False)


def test_percentiles_of_nothing_are_none() -> None:
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None, "max": None}
    assert percentiles([1.0, 3.0])["max"] == 3.0


def test_stages_are_read_from_the_diagnostics() -> None:
    assert stages_ms(FACTS) == {"total": {"p50": 12.5}}


def test_a_score_counts_frames_with_an_answer_and_true_labels() -> None:
    score = Score(CAMVID_11, CAMVID_11)
    for one in (frame(3, 3), frame(3, None), frame(1, 3)):
        score.add(one)
    found = score.figures()
    assert (found["frames_scored"], found["pixel_accuracy"], found["iou"]["Road"]) == (2, 0.5, 0.5)


def test_labels_of_another_set_are_not_compared() -> None:
    score = Score(CITYSCAPES_19, CAMVID_11)
    score.add(frame(3, 3))
    assert score.figures()["miou"] is None
    assert "camvid11" in score.note


def test_true_labels_with_foreign_ids_are_named_and_not_fatal() -> None:
    score = Score(CAMVID_11, None)
    score.add(frame(3, 200))
    assert score.figures()["miou"] is None
    assert "200" in score.note
