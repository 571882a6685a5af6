"""Frames of several cameras as one execution of the engine: each gets what it would get alone."""

from __future__ import annotations

import ctypes
import random
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from batch_rig import ALL, SIZES, Rig, frame_of

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError, FrameError
from segmentation_node.model import Model
from segmentation_node.pipeline import Outputs
from segmentation_node.pipeline.gpu_family import Together

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
    rig.gpu.refuses_next = {"synchronize"}
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


@pytest.mark.parametrize("together", [True, False])
def test_frames_of_many_kinds_that_fail_take_no_memory_of_one_that_is_under_way(
    make_rig: MakeRig, together: bool
) -> None:
    rig = make_rig()
    if together:
        assert rig.begin(0, 0, 1) == [None, None]
    else:
        rig.cameras[0].begin(frame_of(0, 0), ALL)
    rig.gpu.refuses = {"launch postprocess"}
    for width in range(30, 40):
        frame = Frame.from_array(np.zeros((20, width, 3), np.uint8))
        (error,) = rig.cameras[0].begin_together([Together(rig.cameras[0], frame)])
        assert "STAND_IN" in str(error)
    rig.gpu.refuses = set()
    rig.check(0, 0)
    if together:
        rig.check(0, 1)


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


@pytest.mark.parametrize("faults", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_frames_alone_and_together_in_any_order_get_their_own_results(
    make_rig: MakeRig, seed: int, faults: bool
) -> None:
    rig, chance = make_rig(), random.Random(seed)
    waiting: list[deque[int]] = [deque() for _ in SIZES]
    right = 0
    for number in range(80):
        if faults and chance.random() < 0.2:
            rig.gpu.fails_at = len(rig.gpu.calls) + chance.randrange(1, 60)
        cameras = sorted(chance.sample(range(3), chance.randint(1, 3)))
        if chance.random() < 0.4:
            for camera in begun(rig, number, cameras):
                waiting[camera].append(number)
        elif busy := [camera for camera in range(3) if waiting[camera]]:
            camera = chance.choice(busy)
            right += is_right(rig, waiting[camera].popleft(), camera)
    rig.gpu.fails_at = None
    for camera, numbers in enumerate(waiting):
        right += sum(is_right(rig, number, camera) for number in numbers)
    assert right > 20


def begun(rig: Rig, number: int, cameras: list[int]) -> list[int]:
    """Begin frames, if the pipeline takes them: whose it took."""
    try:
        if len(cameras) > 1:
            errors = rig.begin(number, *cameras)
            return [camera for camera, error in zip(cameras, errors, strict=True) if not error]
        rig.cameras[cameras[0]].begin(frame_of(number, cameras[0]), ALL)
    except EngineError as error:
        assert "are under way" in str(error) or "STAND_IN" in str(error)
        return []
    return cameras


def is_right(rig: Rig, number: int, camera: int) -> bool:
    """Finish a frame: right, or lost to the stand-in's fault."""
    try:
        rig.check(number, camera)
    except EngineError as error:
        assert "STAND_IN" in str(error)
        return False
    return True
