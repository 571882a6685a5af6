"""The health of a node and of its cameras: what is said of each, and of all of them together."""

from __future__ import annotations

from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticStatus

from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.monitor import Report
from segmentation_node.ros.diagnostics import judged
from segmentation_node.ros.health import healths_of

HEARD = Report(1.0, Counts(received=9, processed=9), Counts(received=9, processed=9), silence_s=0.1)
UNHEARD = Report(1.0)


def camera(name: str, *faults: str) -> SimpleNamespace:
    return SimpleNamespace(
        name=name,
        topic=f"/{name}/image",
        publisher_count=1,
        input_faults=faults,
        facts={},
        drift=SimpleNamespace(report=lambda: None),
    )


def streams(*cameras: SimpleNamespace, reports: list[Report]) -> SimpleNamespace:
    return SimpleNamespace(
        is_open=True,
        cameras=cameras,
        reports=lambda: reports,
        trouble="",
        failure="",
        facts={"device": "CPU"},
        topics=[one.topic for one in cameras],
    )


def test_a_camera_that_is_not_heard_is_a_warning_of_the_node_too_by_its_name() -> None:
    rear = camera("rear", "its publishers are best effort")
    both = streams(camera("front"), rear, reports=[HEARD, UNHEARD])
    whole, front, silent = map(judged, healths_of("/node", "active", both, "", named=True))
    assert whole == (DiagnosticStatus.WARN, "rear: its publishers are best effort")
    assert front[0] == DiagnosticStatus.OK
    assert silent == (DiagnosticStatus.WARN, "its publishers are best effort")


def test_where_no_camera_is_heard_the_node_says_why() -> None:
    cameras = camera("front", "best effort"), camera("rear", "best effort")
    whole, *_ = healths_of(
        "/node", "active", streams(*cameras, reports=[UNHEARD] * 2), "", named=True
    )
    assert judged(whole) == (DiagnosticStatus.WARN, "front: best effort; rear: best effort")


def test_cameras_without_publishers_are_just_quiet() -> None:
    quiet = streams(camera("front"), camera("rear"), reports=[UNHEARD] * 2)
    whole, *_ = healths_of("/node", "active", quiet, "", named=True)
    assert judged(whole)[0] == DiagnosticStatus.STALE
