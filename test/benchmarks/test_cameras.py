"""Cameras through the node: what is made of the figures; and, over DDS, that there are some."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.cameras import (
    Load,
    doubled_rate_hz,
    in_inferences,
    measure,
    summary,
)
from benchmarks.ros_programs import running
from segmentation_node.errors import TransportError

STAGES = {"read": 1.0, "preprocess": 1.0, "inference": 5.0, "postprocess": 3.0}


def said(**counts: int) -> dict[str, str]:
    """The last words on one camera."""
    usual = {"received": 4, "processed": 3, "skipped": 1, "failed": 0, "malformed": 0, **counts}
    times = {f"{name}_p50_ms": f"{one:.3f}" for name, one in {**STAGES, "total": 11.0}.items()}
    return {**{name: str(one) for name, one in usual.items()}, **times}


def one_camera(arrivals: list[tuple[int, float]]) -> dict[str, Any]:
    figures = {
        "arrivals": {"/segmentation_node/labels": arrivals},
        "diagnostics": {"segmentation_node: segmentation": {**said(), "device": "a CPU"}},
    }
    sent = [{"sent": 5, "late_ms": 0.1}]
    return summary(Load(1, 30.0, "48x64", 5), {"mode": "latest"}, sent, figures)


def test_every_frame_is_accounted_for_and_every_label_image_timed() -> None:
    run = one_camera([(10, 10.0), (20, 20.0)])
    [camera] = run["cameras"]
    assert (camera["sent"], camera["received"], camera["lost_before_the_node"]) == (5, 4, 1)
    assert (camera["answered"], camera["skipped"], camera["lost_after_the_node"]) == (3, 1, 1)
    assert camera["latency_ms"] == {"p50": 15.0, "p95": 19.5, "p99": 19.9, "max": 20.0}
    assert camera["in_order"]
    assert run["node"]["device"] == "a CPU"
    assert in_inferences(run) == {"p50": 3.0, "p95": 3.9, "p99": 3.98, "max": 4.0}


def test_answers_out_of_order_are_told() -> None:
    assert not one_camera([(20, 10.0), (10, 20.0)])["cameras"][0]["in_order"]


def test_without_an_answer_there_is_no_latency() -> None:
    assert one_camera([])["cameras"][0]["latency_ms"] == {}


def test_overload_is_twice_what_computing_a_frame_leaves_room_for() -> None:
    assert doubled_rate_hz(one_camera([(10, 10.0)])) == 200.0


def test_several_cameras_have_topics_and_statuses_of_their_own() -> None:
    load = Load(2, 30.0, "48x64", 5)
    assert load.topics == ("/camera0/image_raw", "/camera1/image_raw")
    assert load.labels(1) == "/segmentation_node/camera1/labels"
    assert load.status(1) == "segmentation_node: camera1 segmentation"


def test_a_program_that_ends_too_soon_is_named(domain_id: int) -> None:
    with (
        running("camera_source", ["--no-such-option"], domain_id) as source,
        pytest.raises(TransportError, match="the end of camera_source before it said 'done'"),
    ):
        source.event("done")


@pytest.mark.dds
def test_two_cameras_go_through_the_node_over_dds(domain_id: int) -> None:
    small = {"model": "rendered", "network_size": "64x96", "precision": "fp32"}
    run = measure(Load(2, 20.0, "48x64", 10), {**small, "mode": "every"}, domain_id)
    for camera in run["cameras"]:
        assert camera["sent"] == 10
        # Reliable, and each is counted: what went to the node was answered in order.
        assert camera["answered"] == camera["received"] == camera["labels_received"]
        assert camera["in_order"]
        assert camera["latency_ms"]["max"] > 0
    assert run["node"]["network_size"] == "64x96"
