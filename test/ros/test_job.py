"""The job: what goes out first, and what is told of the time of each stage."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_engine import HostEngine
from host_gpu import HostGpu
from host_kernels import library
from node_rig import image_message, picture
from numpy.typing import NDArray
from small_network import onnx_bytes, write_network

from segmentation_node.cameras import cameras_of
from segmentation_node.config import NodeConfig
from segmentation_node.core.drift import DriftSettings
from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError, FrameError
from segmentation_node.model import load_model
from segmentation_node.pipeline import CudaPipeline
from segmentation_node.pipeline.buffers import Outputs
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.drift import DriftWatch
from segmentation_node.pipeline.monitor import Monitor
from segmentation_node.pipeline.segmenter import Segmenter
from segmentation_node.ros.conversion import frame_of_image, stamp_ns
from segmentation_node.ros.image_input import Arrival
from segmentation_node.ros.job import CameraSide, SegmentationJob
from segmentation_node.ros.network import Network
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.timing_output import STAGES

__all__ = ["library"]


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


def side(output: Output, monitor: Monitor) -> CameraSide:
    drift = DriftWatch(DriftSettings())
    return CameraSide(output, monitor, drift, lambda *_: None)  # type: ignore[arg-type]


def network(**parameters: Any) -> Network:
    config = NodeConfig(**{"model": "rendered", "network_size": "64x96", **parameters})
    return Network.load(config, [(48, 64)] * len(cameras_of(config)))


def job(output: Output, monitor: Monitor) -> SegmentationJob:
    return SegmentationJob([side(output, monitor)], network)


def compute(one: SegmentationJob, item: Arrival, slot: OutputSlot) -> None:
    one.begin(item, slot)
    assert one.is_ready(item)
    one.finish(item, slot)


def arrival(clock_ms: float | None, image: NDArray[np.uint8] | None = None) -> Arrival:
    message = image_message(picture() if image is None else image)
    clock_ns = 0 if clock_ms is None else stamp_ns(message.header) + int(clock_ms * 1e6)
    return Arrival(message.header, 0.0, clock_ns, lambda: frame_of_image(message))


def test_images_go_out_before_others_are_compressed_and_every_stage_is_told(
    output: Output,
) -> None:
    monitor, slot, item = Monitor(), OutputSlot(), arrival(clock_ms=40)
    one = job(output, monitor)
    one.open()
    try:
        compute(one, item, slot)
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


def test_another_network_is_used_from_the_next_frame_on_and_the_first_one_closed(
    output: Output,
) -> None:
    monitor, slot, item = Monitor(), OutputSlot(), arrival(clock_ms=None)
    one = job(output, monitor)
    assert one.facts == {}
    one.open()
    first = one._network
    try:
        compute(one, item, slot)
        one.publish(item, slot)
        one.use(network(class_map="camvid11_to_drivable", network_size="32x64"))
        assert dict(monitor.report(Counts()).stages) == {}
        compute(one, item, slot)
        assert one.labels.name == one.facts["labels"] == "drivable"
        assert one.facts["network_size"] == "32x64"
        labels = slot.pixels("labels")
        assert labels is not None
        assert set(labels.flat) <= {0, 1, 2, 255}
    finally:
        one.close()
    assert first is not None
    with pytest.raises(EngineError):
        first.segmenters[0].warm_up(48, 64)


def test_each_camera_has_its_own_region_output_and_figures() -> None:
    outputs, monitors = (Output(), Output()), (Monitor(), Monitor())
    cameras = [side(*one) for one in zip(outputs, monitors, strict=True)]
    given = {"image_topics": ("/a/image", "/b/image"), "roi": "0,0,64,24;"}
    one = SegmentationJob(cameras, lambda: network(**given))
    one.open()
    try:
        for index in (0, 1):
            slot, item = OutputSlot(), replace(arrival(clock_ms=None), camera=index)
            compute(one, item, slot)
            one.publish(item, slot)
            labels = slot.pixels("labels")
            assert labels is not None
            assert (labels[24:] == one.labels.ignore_id).all() == (index == 0)
        one.failed(item, EngineError("out of memory", "memory", "buy some"))
    finally:
        one.close()
    assert [one.asked for one in outputs] == [["images", "compressed", "times"]] * 2
    assert [bool(one.report(Counts()).engine_error) for one in monitors] == [False, True]
    assert [one.image_size for one in cameras] == [(48, 64)] * 2


def test_a_network_that_cannot_be_warmed_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Segmenter] = []

    def fail(*_: object) -> None:
        raise EngineError("out of memory", "memory", "ask for a smaller size")

    def close(self: Segmenter) -> None:
        closed.append(self)

    monkeypatch.setattr(Segmenter, "warm_up", fail)
    monkeypatch.setattr(Segmenter, "close", close)
    with pytest.raises(EngineError, match="smaller size"):
        network()
    assert len(closed) == 1


def test_a_network_that_cannot_be_taken_into_use_leaves_the_one_before_it(
    output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, item, slot = job(output, Monitor()), arrival(clock_ms=None), OutputSlot()
    one.open()

    def fail(*_: object) -> None:
        raise ValueError("ranges that are none")

    with closing(network(network_size="32x64")) as other, monkeypatch.context() as broken:
        broken.setattr(DriftWatch, "compare_with", fail)
        with pytest.raises(ValueError, match="ranges"):
            one.use(other)
    try:
        compute(one, item, slot)
        assert one.facts["network_size"] == "64x96"
    finally:
        one.close()


def test_a_network_that_cannot_be_freed_does_not_take_the_next_one_with_it(
    output: Output, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, item, slot = job(output, Monitor()), arrival(clock_ms=None), OutputSlot()
    one.open()
    first = one._network

    def fail() -> None:
        raise EngineError("a GPU that fell off the bus", "one that answers", "restart")

    monkeypatch.setattr(first, "close", fail)
    one.use(network(network_size="32x64"))
    try:
        compute(one, item, slot)
        assert one.facts["network_size"] == "32x64"
        assert "fell off the bus" in caplog.text
    finally:
        one.close()


def test_a_first_network_that_cannot_be_taken_into_use_is_closed(
    output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Network] = []

    def load() -> Network:
        loaded.append(network())
        return loaded[0]

    def fail(*_: object) -> None:
        raise ValueError("ranges that are none")

    monkeypatch.setattr(DriftWatch, "compare_with", fail)
    one = SegmentationJob([side(output, Monitor())], load)
    with pytest.raises(ValueError, match="ranges"):
        one.open()
    with pytest.raises(EngineError, match="closed"):
        loaded[0].segmenters[0].warm_up(48, 64)


def test_on_a_gpu_two_images_are_under_way_and_each_gets_its_own_labels(
    output: Output, library: ctypes.CDLL, tmp_path: Path
) -> None:
    onnx = onnx_bytes(4, 8)
    model = load_model(write_network(tmp_path, onnx, classes=4, stride=8, default_size=[32, 32]))
    gpu = HostGpu(library)
    pipeline = CudaPipeline(model, HostEngine(gpu, model), gpu=gpu)
    segmenter = Segmenter(model, pipeline.engine, None, pipeline)
    monitor = Monitor()
    one = SegmentationJob([side(output, monitor)], lambda: Network([segmenter]))
    one.open()
    try:
        assert one.depth == 2
        assert one.facts["gpu_memory"] == "copied"
        images = [picture(), np.ascontiguousarray(picture()[::-1, ::-1])]
        items = [arrival(None, image) for image in images]
        slots = [OutputSlot(), OutputSlot()]
        for item, slot in zip(items, slots, strict=True):
            one.begin(item, slot)
        assert not one.is_ready(items[0])
        for item, slot in zip(items, slots, strict=True):
            one.finish(item, slot)
            one.publish(item, slot)
        for image, slot in zip(images, slots, strict=True):
            wanted = segmenter(Frame.from_array(image, "bgr8")).labels
            assert (slot.pixels("labels") == wanted).all()
    finally:
        one.close()
    assert output.asked == ["images", "compressed", "times"] * 2
    assert output.times["total"] >= output.times["inference"]
    assert gpu.left == []


def on_gpu(library: ctypes.CDLL, folder: Path, batch: int) -> tuple[HostEngine, Network]:
    """Two cameras on an engine for so many images."""
    onnx = onnx_bytes(4, 8)
    model = load_model(write_network(folder, onnx, classes=4, stride=8, default_size=[32, 32]))
    gpu = HostGpu(library)
    engine = HostEngine(gpu, model, batch=batch)
    first = Segmenter(model, engine, None, CudaPipeline(model, engine, gpu=gpu))
    return engine, Network([first, first.beside()], batch=2)


def bad_arrival() -> Arrival:
    def read() -> Frame:
        raise FrameError("4 bytes", "12", "send more")

    return replace(arrival(None), read=read)


def test_images_of_two_cameras_are_one_execution_and_each_gets_its_own_labels(
    library: ctypes.CDLL, tmp_path: Path
) -> None:
    engine, loaded = on_gpu(library, tmp_path, batch=2)
    outputs = [Output(), Output()]
    one = SegmentationJob([side(output, Monitor()) for output in outputs], lambda: loaded)
    one.open()
    try:
        assert (one.batch, one.facts["batch"]) == (2, "up to 2 cameras together")
        images = [picture(), np.ascontiguousarray(picture()[::-1, :40])]
        items = [replace(arrival(None, image), camera=n) for n, image in enumerate(images)]
        slots = [OutputSlot(), OutputSlot()]
        assert one.begin_together(list(zip(items, slots, strict=True))) == [None, None]
        for item, slot in zip(items, slots, strict=True):
            one.finish(item, slot)
            one.publish(item, slot)
        assert engine.executions == [2]
        for segmenter, image, slot in zip(loaded.segmenters, images, slots, strict=True):
            wanted = segmenter(Frame.from_array(image, "bgr8")).labels
            assert (slot.pixels("labels") == wanted).all()
        for output in outputs:
            assert set(output.times) == set(STAGES) - {"input_age"}
    finally:
        one.close()


def test_a_bad_image_of_a_batch_is_told_of_its_camera_alone(
    library: ctypes.CDLL, tmp_path: Path
) -> None:
    engine, loaded = on_gpu(library, tmp_path, batch=2)
    one = SegmentationJob([side(Output(), Monitor()) for _ in range(2)], lambda: loaded)
    one.open()
    try:
        good, slot = replace(arrival(None), camera=1), OutputSlot()
        bad, none = one.begin_together([(bad_arrival(), OutputSlot()), (good, slot)])
        assert isinstance(bad, FrameError)
        assert none is None
        one.finish(good, slot)
        assert engine.executions == [1]
        assert slot.pixels("labels") is not None
        [error] = one.begin_together([(bad_arrival(), OutputSlot())])
        assert isinstance(error, FrameError)
    finally:
        one.close()


def test_a_network_that_takes_no_batch_says_so_in_the_facts(
    library: ctypes.CDLL, tmp_path: Path
) -> None:
    _, loaded = on_gpu(library, tmp_path, batch=1)
    with closing(loaded):
        said = "cameras in turns: a layer of the network fixes the batch"
        assert loaded.facts["batch"] == said


@pytest.mark.parametrize(("tolerance_ms", "asked"), [(5.0, 2), (0.0, 1)])
def test_an_engine_for_all_cameras_is_asked_for_unless_they_are_to_take_turns(
    tolerance_ms: float, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    load = Segmenter.load

    def note(*given: Any, batch: int = 1, **more: Any) -> Segmenter:
        batches.append(batch)
        return load(*given, batch=batch, **more)

    monkeypatch.setattr(Segmenter, "load", note)
    parameters = {"image_topics": ("/a/image", "/b/image"), "batch_tolerance_ms": tolerance_ms}
    with closing(network(**parameters)) as loaded:
        # On the processor it changes nothing.
        assert "batch" not in loaded.facts
    with closing(network(batch_tolerance_ms=tolerance_ms)):
        assert batches == [asked, 1]


def test_a_network_is_warm_for_cameras_that_come_together(
    library: ctypes.CDLL, tmp_path: Path
) -> None:
    engine, loaded = on_gpu(library, tmp_path, batch=2)
    with closing(loaded):
        loaded._warm_up([(48, 64), None])
        assert engine.executions == [1] * 8 + [2] * 4
        assert loaded.facts["launches"] == "CUDA graph"
