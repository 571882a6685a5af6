"""Diagnostics: what level each state of the work has, and that the figures are all there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.time import Time

from segmentation_node.core.timing import RollingStats
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.monitor import Report
from segmentation_node.ros.diagnostics import Health, judged, message

OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN
ERROR, STALE = DiagnosticStatus.ERROR, DiagnosticStatus.STALE


def active(**figures: object) -> Health:
    """An active node whose latest period had 30 frames in a second, changed as named."""
    usual = {
        "period_s": 1.0,
        "counts": Counts(received=90, processed=90),
        "recent": Counts(received=30, processed=30),
        "silence_s": 0.03,
    }
    report = Report(**{**usual, **figures})  # type: ignore[arg-type]
    return Health("/front/segmentation_node", "active", report, "/front/image", publishers=1)


CASES = {
    "all well": (active(), OK, "30.0 frames/s"),
    "unconfigured": (Health("/n", "unconfigured"), OK, "unconfigured"),
    "configured, not active": (Health("/n", "inactive", Report(1.0)), OK, "inactive"),
    "refused": (Health("/n", "unconfigured", refusal="no model"), ERROR, "no model"),
    "engine": (active(engine_error="out of memory"), ERROR, "out of memory"),
    "never a frame": (active(silence_s=None), STALE, "no frame on /front/image yet (1 publisher "),
    "silent": (active(silence_s=9.0), STALE, "for 9 s"),
    "one frame late": (active(silence_s=1.5), OK, "frames/s"),
    "malformed": (
        active(recent=Counts(received=30, processed=29, malformed=1), last_malformation="cut"),
        WARN,
        "1 malformed, the last: cut",
    ),
    "failed": (active(recent=Counts(received=30, processed=28, failed=2)), WARN, "2 frames lost"),
    "overload": (
        active(recent=Counts(received=30, processed=15, skipped=15)),
        WARN,
        "15 of 30 frames skipped",
    ),
    "a few skipped": (active(recent=Counts(received=30, processed=28, skipped=2)), OK, "frames/s"),
    "limited alone": (active(recent=Counts(received=30, processed=10, limited=20)), OK, "10.0 f"),
    "limited, and yet too fast": (
        active(recent=Counts(received=30, processed=8, skipped=2, limited=20)),
        WARN,
        "2 of 10 frames skipped",
    ),
    "not heard": (
        replace(active(silence_s=None), input_faults=("received best effort", "no frame for 3 s")),
        WARN,
        "received best effort; no frame for 3 s",
    ),
    "one of two not heard": (
        replace(active(recent_deadline_misses=4), input_faults=("received best effort",)),
        WARN,
        "received best effort; 4 frames over",
    ),
    "deadline": (active(recent_deadline_misses=4), WARN, "4 frames over the deadline"),
    "network kept": (replace(active(), trouble="kept the network: x"), WARN, "kept the network: x"),
    "network kept, no frame": (
        replace(active(silence_s=None), trouble="kept the network: x"),
        WARN,
        "kept the network: x",
    ),
    "network kept, not active": (
        Health("/n", "inactive", Report(1.0), trouble="kept the network: x"),
        WARN,
        "kept the network: x",
    ),
    "looping bag": (active(recent_stamp_jumps=1), WARN, "jumped back 1"),
    "long ago": (active(stamp_jumps=3, deadline_misses=5), OK, "frames/s"),
}


@pytest.mark.parametrize(("health", "level", "said"), CASES.values(), ids=CASES)
def test_the_level_and_the_sentence(health: Health, level: bytes, said: str) -> None:
    judged_level, sentence = judged(health)
    assert judged_level == level
    assert said in sentence


def test_the_message_carries_all_figures_under_the_name_of_the_node() -> None:
    ages = RollingStats(10)
    for age_ms in (4.0, 5.0, 6.0):
        ages.add(age_ms)
    health = active(input_age=ages.stats(), stages={"total": ages.stats()}, last_malformation="cut")
    health = Health(**{**vars(health), "facts": {"device": "CPU", "precision": "bf16"}})
    array = message([health], Time(seconds=7))
    status = array.status[0]
    values = {value.key: value.value for value in status.values}
    assert array.header.stamp.sec == 7
    assert status.name == "front/segmentation_node: segmentation"
    assert status.hardware_id == "CPU"
    assert values["rate_hz"] == values["input_rate_hz"] == "30.00"
    assert (values["received"], values["processed"], values["skipped"]) == ("90", "90", "0")
    assert (values["precision"], values["last_malformation"]) == ("bf16", "cut")
    assert values["total_p50_ms"] == values["input_age_p50_ms"] == "5.000"
    assert float(values["total_p99_ms"]) == pytest.approx(5.98)


def test_before_the_first_frame_there_are_no_percentiles() -> None:
    values = {value.key: value.value for value in message([active()], Time()).status[0].values}
    assert not [key for key in values if key.endswith(("_p50_ms", "_p95_ms", "_p99_ms"))]
    assert (values["frame_budget_ms"], values["frame_budget_used_percent"]) == ("33.333", "")
    assert values["deadline_ms"] == "none"


def test_the_budget_of_a_frame_and_how_much_of_it_is_used_are_told() -> None:
    busy = RollingStats(10)
    busy.add(25.0)
    health = active(busy=busy.stats(), deadline_ms=50.0)
    values = {value.key: value.value for value in message([health], Time()).status[0].values}
    assert (values["frame_budget_ms"], values["frame_budget_used_percent"]) == ("33.333", "75")
    assert values["deadline_ms"] == "50"


def test_a_node_without_a_device_yet_says_so_as_other_nodes_do() -> None:
    assert message([Health("/n", "unconfigured")], Time()).status[0].hardware_id == "none"


def test_of_several_cameras_each_has_statuses_of_its_own_beside_that_of_the_node() -> None:
    whole = replace(active(), is_sum=True)
    front, rear = (replace(active(), camera=name) for name in ("front", "rear"))
    names = [one.name for one in message([whole, front, rear], Time()).status]
    assert names == [
        "front/segmentation_node: segmentation",
        "front/segmentation_node: front segmentation",
        "front/segmentation_node: front input drift",
        "front/segmentation_node: rear segmentation",
        "front/segmentation_node: rear input drift",
    ]
