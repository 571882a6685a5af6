"""The job: what goes out first, and what is told of the time of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from node_rig import image_message, picture

from segmentation_node.config import NodeConfig
from segmentation_node.core.drift import DriftSettings
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.buffers import Outputs
from segmentation_node.pipeline.drift import DriftWatch
from segmentation_node.pipeline.monitor import Monitor
from segmentation_node.pipeline.worker import Counts
from segmentation_node.ros.conversion import frame_of_image, stamp_ns
from segmentation_node.ros.image_input import Arrival
from segmentation_node.ros.job import SegmentationJob
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.timing_output import STAGES


class Output:
    """Writes down what it is asked to publish, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.times: Mapping[str, float] = {}
        self.images = self.timing = self
        self.wanted = Outputs(color=False)

    def publish(self, *what: Any) -> None:
        self.asked.append("images" if len(what) == 2 else "times")
        if len(what) == 1:
            self.times = what[0]

    def publish_compressed(self, *_: Any) -> None:
        self.asked.append("compressed")


@pytest.fixture
def output() -> Output:
    return Output()


def job(output: Output, monitor: Monitor, **parameters: Any) -> SegmentationJob:
    config = NodeConfig(model="rendered", network_size="64x96", **parameters)
    drift = DriftWatch(DriftSettings())
    return SegmentationJob(config, output, monitor, drift, lambda *_: None)  # type: ignore[arg-type]


def arrival(clock_ms: float | None) -> Arrival:
    message = image_message(picture())
    clock_ns = 0 if clock_ms is None else stamp_ns(message.header) + int(clock_ms * 1e6)
    return Arrival(message.header, 0.0, clock_ns, lambda: frame_of_image(message))


def test_images_go_out_before_others_are_compressed_and_every_stage_is_told(
    output: Output,
) -> None:
    monitor, slot, item = Monitor(), OutputSlot(), arrival(clock_ms=40)
    one = job(output, monitor)
    one.open()
    try:
        one.compute(item, slot)
        one.publish(item, slot)
    finally:
        one.close()
    assert output.asked == ["images", "compressed", "times"]
    assert set(output.times) == set(STAGES)
    assert output.times["input_age"] == pytest.approx(40)
    report = monitor.report(Counts(received=1, processed=1))
    assert report.busy is not None
    assert report.busy.max_ms >= output.times["inference"]
    assert (slot.window.height, slot.window.width) == (48, 64)


def test_before_simulated_time_begins_no_age_is_told(output: Output) -> None:
    one = job(output, Monitor())
    one.publish(arrival(clock_ms=None), OutputSlot())
    assert "input_age" not in output.times
    assert "total" in output.times


def test_a_job_that_is_not_open_has_no_labels(output: Output) -> None:
    with pytest.raises(EngineError, match="before the network was loaded"):
        _ = job(output, Monitor()).labels


def test_what_is_in_use_is_told_with_the_view(output: Output) -> None:
    one = job(output, Monitor(), roi="0,20,40,20", class_map="camvid11_to_drivable")
    assert one.facts == {}
    one.open()
    try:
        assert (one.facts["roi"], one.facts["output_size"]) == ("0,20,40,20", "camera")
        assert one.facts["labels"] == one.labels.name == "drivable"
    finally:
        one.close()
