"""Frames of several cameras as one execution of the engine: each gets what it would get alone."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from host_engine import HostEngine
from host_gpu import HostGpu

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError, FrameError
from segmentation_node.model import Model
from segmentation_node.pipeline import CudaPipeline, Outputs, Segmentation, View
from segmentation_node.pipeline.gpu_family import Together

ALL = Outputs(color=True, overlay=True, confidence=True, alpha=0.3)
SIZES = ((20, 24), (16, 30), (25, 18))
VIEWS = (None, View.parse("2,2,12,12"), View.parse(output_size="network"))


def frame_of(number: int, camera: int) -> Frame:
    """Frames of cameras of different sizes."""
    small = np.random.default_rng(10 * number + camera).integers(0, 256, (4, 5, 3))
    height, width = SIZES[camera]
    return Frame.from_array(
        np.asarray(cv2.resize(small.astype(np.uint8), (width, height)), np.uint8)
    )


class Rig:
    """Three cameras on an engine of three images, and one camera alone on an engine of one."""

    def __init__(self, library: ctypes.CDLL, model: Model, **options: Any) -> None:
        self.gpu = HostGpu(library)
        self.engine = HostEngine(self.gpu, model, batch=3)
        first = CudaPipeline(model, self.engine, gpu=self.gpu, **options)
        self.cameras = [first, *map(first.beside, VIEWS[1:])]
        alone = HostGpu(library)
        single = CudaPipeline(model, HostEngine(alone, model), gpu=alone, graphs=False)
        self.alone = [single, *map(single.beside, VIEWS[1:])]

    def begin(self, number: int, *cameras: int, outputs: Outputs = ALL) -> list[Exception | None]:
        frames = [Together(self.cameras[c], frame_of(number, c), outputs) for c in cameras]
        return self.cameras[0].begin_together(frames)

    def check(self, number: int, camera: int, outputs: Outputs = ALL) -> Segmentation:
        """Finish a camera's frame: it must be what the camera gets alone."""
        found = self.cameras[camera].finish()
        wanted = self.alone[camera].segment(frame_of(number, camera), outputs)
        for name in ("labels", "color", "overlay", "confidence"):
            one, other = getattr(found, name), getattr(wanted, name)
            assert (one is None) == (other is None)
            assert one is None or (one == other).all()
        return found

    def round(self, number: int, *cameras: int) -> None:
        assert self.begin(number, *cameras) == [None] * len(cameras)
        for camera in cameras:
            self.check(number, camera)

    def close(self) -> None:
        for pipeline in (self.cameras[0], self.alone[0]):
            pipeline.close()
        assert self.gpu.left == []
        assert self.engine.closed == 1


MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig(library: ctypes.CDLL, make_network: Callable[..., Model]) -> Iterator[MakeRig]:
    made: list[Rig] = []

    def make(**options: Any) -> Rig:
        made.append(Rig(library, make_network(default_size=[32, 32]), **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.mark.parametrize("options", [{}, {"graphs": False}, {"mapped": True}])
def test_cameras_of_different_sizes_get_from_a_batch_what_each_gets_alone(
    make_rig: MakeRig, options: dict[str, Any]
) -> None:
    rig = make_rig(**options)
    for number in range(6):
        rig.round(number, 0, 1, 2)
    assert rig.engine.executions == [3] * 6
    assert rig.cameras[0].launches.startswith("plain" if "graphs" in options else "CUDA graph")


def test_two_frames_are_one_enqueue_of_the_engine(make_rig: MakeRig) -> None:
    rig = make_rig(graphs=False)
    rig.round(0, 0, 1)
    assert rig.gpu.calls.count("enqueue") == 1
    assert rig.gpu.ran.count("copy_in") == 2
    assert rig.gpu.ran.count("preprocess") == 2
    assert rig.gpu.ran.count("postprocess") == 2


def test_any_of_the_cameras_may_come_together_or_alone(make_rig: MakeRig) -> None:
    rig = make_rig()
    groups = [(0, 1, 2), (0, 2), (1,), (1, 2), (0, 1, 2), (2,), (0, 1)] * 4
    for number, cameras in enumerate(groups):
        if len(cameras) == 1:
            rig.cameras[cameras[0]].begin(frame_of(number, cameras[0]), ALL)
            rig.check(number, cameras[0])
        else:
            rig.round(number, *cameras)
    assert rig.engine.executions == [len(cameras) for cameras in groups]


def test_two_batches_are_under_way_and_a_third_is_refused(make_rig: MakeRig) -> None:
    rig = make_rig()
    for number in range(0, 12, 2):
        assert rig.begin(number, 0, 1, 2) == [None] * 3
        assert rig.begin(number + 1, 0, 1, 2) == [None] * 3
        for camera in range(3):
            rig.check(number, camera)
        for camera in range(3):
            rig.check(number + 1, camera)
    assert rig.begin(0, 0, 1) == rig.begin(1, 1, 2) == [None, None]
    # The first batch's memory is still in use, though camera 2 has one frame under way alone.
    with pytest.raises(EngineError, match="2 are under way"):
        rig.begin(2, 0, 2)
    rig.check(0, 0)
    rig.check(0, 1)
    rig.check(1, 1)
    rig.check(1, 2)


def test_a_bad_image_keeps_no_other_one_from_its_result(make_rig: MakeRig) -> None:
    rig = make_rig()
    small = Frame.from_array(frame_of(0, 1).array[:4, :4].copy())  # smaller than the region
    for number in range(4):
        frames = [
            Together(rig.cameras[0], frame_of(number, 0), ALL),
            Together(rig.cameras[1], small, ALL),
            Together(rig.cameras[2], frame_of(number, 2), ALL),
        ]
        first, bad, last = rig.cameras[0].begin_together(frames)
        assert (first, last) == (None, None)
        assert isinstance(bad, FrameError)
        rig.check(number, 0)
        rig.check(number, 2)
    assert rig.engine.executions == [2] * 4
    assert rig.cameras[0].begin_together([Together(rig.cameras[1], small, ALL)])[0] is not None


@pytest.mark.parametrize("call", ["enqueue", "launch postprocess", "record"])
def test_what_cannot_be_enqueued_is_the_failure_of_all(make_rig: MakeRig, call: str) -> None:
    rig = make_rig(graphs=False)
    rig.gpu.refuses = {call}
    errors = rig.begin(0, 0, 1)
    assert all(isinstance(error, EngineError) for error in errors)
    assert not any(stream.queue for stream in rig.gpu.streams)
    rig.gpu.refuses = set()
    rig.round(1, 0, 1, 2)


def test_an_execution_that_fails_is_the_failure_of_each_of_its_frames(make_rig: MakeRig) -> None:
    rig = make_rig(graphs=False)
    rig.round(0, 0, 1)
    rig.begin(1, 0, 1)
    rig.begin(2, 0, 2)
    plain, refused = rig.gpu.call, ["synchronize"]

    def call_or_refuse(name: str) -> None:
        plain(name)
        if name in refused:
            refused.clear()
            raise EngineError(f"CUDA_ERROR_STAND_IN while {name}", "a GPU that answers", "no fix")

    rig.gpu.call = call_or_refuse  # type: ignore[method-assign]
    for camera in (0, 1):
        with pytest.raises(EngineError, match="STAND_IN while synchronize"):
            rig.cameras[camera].finish()
    rig.check(2, 0)
    rig.check(2, 2)
    rig.round(3, 0, 1)


def test_a_capture_that_fails_costs_no_frame(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.gpu.refuses_to_capture = {"enqueue"}
    for number in range(6):
        rig.round(number, 0, 1)
    assert "STAND_IN while enqueue" in rig.cameras[0].launches


def test_more_frames_than_the_engine_takes_and_two_of_a_camera_are_refused(
    make_rig: MakeRig,
) -> None:
    rig = make_rig()
    rig.engine.batch = 2
    for cameras in ((0, 1, 2), (1, 1)):
        with pytest.raises(EngineError, match="at most 2, each of another camera"):
            rig.begin(0, *cameras)
    rig.round(0, 0, 1)


def test_closing_waits_for_a_batch_and_gives_everything_back(make_rig: MakeRig) -> None:
    rig = make_rig()
    for number in range(5):
        rig.round(number, 0, 1)
    rig.begin(5, 0, 1, 2)
    rig.cameras[1].close()
    assert rig.gpu.left == []
    with pytest.raises(EngineError, match="closed pipeline"):
        rig.begin(6, 0, 1)


def test_memory_of_images_that_do_not_come_any_more_is_given_back(make_rig: MakeRig) -> None:
    rig = make_rig()
    for width in range(20, 32):
        for number in range(4):
            frame = Frame.from_array(frame_of(number, 0).array[:, : width - 8].copy())
            frames = [
                Together(rig.cameras[0], frame),
                Together(rig.cameras[2], frame_of(number, 2)),
            ]
            assert rig.cameras[0].begin_together(frames) == [None, None]
            rig.cameras[0].finish()
            rig.cameras[2].finish()
    assert any(block.is_freed for block in rig.gpu.blocks)


def test_a_camera_of_another_engine_is_refused(make_rig: MakeRig) -> None:
    rig, other = make_rig(), make_rig()
    frames = [Together(rig.cameras[0], frame_of(0, 0)), Together(other.cameras[1], frame_of(0, 1))]
    with pytest.raises(EngineError, match="a camera of another engine"):
        rig.cameras[0].begin_together(frames)
    rig.round(0, 0, 1)
    other.round(0, 0, 1)


def test_the_combination_that_comes_again_and_again_keeps_its_graph(make_rig: MakeRig) -> None:
    rig = make_rig()
    for number in range(4):
        rig.round(number, 0, 1, 2)
    alphas = np.linspace(0.1, 0.9, 16)
    for number, alpha in enumerate(alphas):
        rare = Outputs(overlay=True, alpha=float(alpha))
        for step in range(4):
            assert rig.begin(number + step, 0, 1, outputs=rare) == [None, None]
            rig.check(number + step, 0, rare)
            rig.check(number + step, 1, rare)
        captured = rig.gpu.calls.count("capture")
        rig.round(number, 0, 1, 2)
        rig.round(number, 0, 1, 2)
        assert rig.gpu.calls.count("capture") == captured
