"""What counts as real time."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_race import CAMERA, FAST, run

from benchmarks.race.course import Course, Setting
from benchmarks.race.sustained import judged, verdict
from segmentation_node.errors import TransportError

COURSE = Course(Setting(CAMERA, FAST, reliable=True), Path("none.npy"), 600.0)
KEYS = ("model", "network_size", "network_size_reason", "engine", "device", "precision", "mode")
FACTS = {key: f"a {key}" for key in KEYS}


def test_no_loss_and_a_99th_percentile_under_two_frame_times_is_real_time() -> None:
    figures = judged(run([66.0] * 5, facts=FACTS), COURSE)
    assert figures["is_real_time"]
    assert verdict(figures) == (
        "real time: 720x1280 at 30 Hz for 600 s, a model at a network_size in a precision on "
        "a device, mode a mode: 0 of 5 label images and 0 colour images lost, in order, p99 "
        "66.0 ms of 66.7 ms allowed"
    )


@pytest.mark.parametrize(
    "bad",
    [
        run([67.0] * 5, facts=FACTS),
        run([10.0] * 5, sent=6, facts=FACTS),
        run([10.0] * 5, colors=4, facts=FACTS),
        run([], sent=5, colors=0, facts=FACTS),
        run([], sent=2, labels=[(2, 10.0), (1, 10.0)], colors=2, facts=FACTS),
    ],
    ids=["too late", "a label image lost", "a colour image lost", "nothing answered", "disorder"],
)
def test_anything_else_is_not(bad: object) -> None:
    figures = judged(bad, COURSE)
    assert not figures["is_real_time"]
    assert verdict(figures).startswith("NOT real time")


def test_a_node_that_does_not_say_what_runs_is_no_figure() -> None:
    with pytest.raises(TransportError, match="diagnostics without network_size"):
        judged(run([1.0], facts={"model": "small"}), COURSE)
