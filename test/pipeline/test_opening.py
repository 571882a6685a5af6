from __future__ import annotations

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from host_engine import HostEngine
from host_gpu import HostGpu
from small_network import sidecar, write_network

from segmentation_node import engines
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.cuda.captures import CAPTURES
from segmentation_node.errors import ConfigError, EngineError, FixedBatchError
from segmentation_node.model import Model, load_model
from segmentation_node.pipeline import CpuPipeline, CudaPipeline, Outputs, Segmenter, View, opening
from segmentation_node.pipeline.opening import open_pipeline, pipeline_on
from segmentation_node.pipeline.together import begin_together, warm_up_together

MakeNetwork = Callable[..., Model]


class Machine:
    """A machine with TensorRT and a GPU, as far as opening a pipeline sees."""

    def __init__(self, library: ctypes.CDLL, patch: pytest.MonkeyPatch) -> None:
        self.gpu = HostGpu(library)
        self.asked: list[dict[str, Any]] = []
        self.engines: list[HostEngine] = []
        self.problem: EngineError | None = None
        self.fixes_batch = False
        patch.setattr(opening, "PyCudaGpu", lambda: self.gpu)
        patch.setattr(opening, "open_engine", self.open_engine)
        patch.setattr(opening, "resolve_engine", lambda name: "tensorrt")

    def open_engine(
        self, model: Model, size: NetworkSize | None = None, batch: int = 1, **asked: Any
    ) -> HostEngine:
        self.gpu.call("open engine")  # refuses to be called without a context
        assert not CAPTURES.are_possible
        self.asked.append(asked)
        if self.problem is not None:
            raise self.problem
        if self.fixes_batch and batch > 1:
            raise FixedBatchError(f"a batch of {batch}", "a batch of 1", "export it again")
        self.engines.append(HostEngine(self.gpu, model, size, batch=batch))
        return self.engines[-1]


@pytest.fixture
def machine(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(library, monkeypatch)


def test_an_engine_of_the_processor_gets_its_pipeline(make_network: MakeNetwork) -> None:
    size = NetworkSize(32, 64)
    with open_pipeline(make_network(), engine="openvino", precision="fp32", size=size) as pipeline:
        assert isinstance(pipeline, CpuPipeline)
        assert pipeline.network_size == size
        assert pipeline.launches == pipeline.gpu_memory == ""


def test_the_context_is_made_before_the_engine_and_let_go_after_it(
    machine: Machine, make_network: MakeNetwork
) -> None:
    pipeline = open_pipeline(make_network(), precision="fp16", size=NetworkSize(32, 64))
    assert isinstance(pipeline, CudaPipeline)
    assert machine.asked == [{"engine": "tensorrt", "precision": "fp16", "watch": None}]
    pipeline.warm_up(20, 30)
    assert "copy_in" in machine.gpu.calls
    pipeline.close()
    assert machine.gpu.left == []
    assert not machine.gpu.is_open
    assert machine.gpu.calls[-1] == "close engine"


def test_auto_does_without_a_gpu_that_cannot_be_used_and_says_why(
    machine: Machine,
    make_network: MakeNetwork,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def unusable() -> None:
        raise EngineError("no PyCUDA (libcurand.so.10 is missing)", "PyCUDA", "install it")

    monkeypatch.setattr(opening, "PyCudaGpu", unusable)
    monkeypatch.setattr(opening, "open_engine", engines.open_engine)
    with open_pipeline(make_network(), engine="auto") as pipeline:
        assert isinstance(pipeline, CpuPipeline)
    assert "engine auto takes openvino: received no PyCUDA (libcurand.so.10" in caplog.text
    with pytest.raises(EngineError, match="no PyCUDA"):
        open_pipeline(make_network(), engine="tensorrt")


def test_a_network_that_takes_no_batch_has_its_cameras_take_turns_and_says_so_once(
    machine: Machine, make_network: MakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    machine.fixes_batch = True
    with open_pipeline(make_network(), batch=3) as pipeline:
        assert pipeline.batch == 1
    assert len(machine.asked) == 2
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert said[0].startswith("small: cameras take turns on the GPU: received a batch of 3;")


def test_a_batch_changes_nothing_on_the_processor(make_network: MakeNetwork) -> None:
    with open_pipeline(make_network(), engine="openvino", precision="fp32", batch=3) as pipeline:
        assert pipeline.batch == 1


def test_segmenters_beside_each_other_begin_their_frames_together(
    machine: Machine, make_network: MakeNetwork
) -> None:
    images = [np.full((20, 30, 3), 60, np.uint8), np.full((24, 18, 3), 200, np.uint8)]
    with Segmenter.load(make_network().path, batch=2) as first:
        cameras = [first, first.beside()]
        warm_up_together(cameras, [(20, 30), (24, 18)])
        frames = map(Frame.from_array, images)
        pieces = [(one, frame, Outputs(), None) for one, frame in zip(cameras, frames, strict=True)]
        assert begin_together(pieces) == [None, None]
        for camera, image in zip(cameras, images, strict=True):
            labels = camera.finish().labels.copy()
            assert (labels == first(image).labels).all()
        assert machine.engines[0].executions == [2] * 5 + [1] * 2
        machine.gpu.refuses = {"enqueue"}
        cameras = [cameras[1], first]
        with pytest.raises(EngineError, match="while enqueue"):
            warm_up_together(cameras, [(10, 10), (12, 12)])
        machine.gpu.refuses = set()
    with pytest.raises(EngineError, match="a closed segmenter"):
        begin_together(pieces)
    assert machine.gpu.left == []


def test_a_region_outside_of_the_image_to_come_is_warmed_up_too(
    machine: Machine, make_network: MakeNetwork
) -> None:
    with Segmenter.load(make_network().path, batch=2) as first:
        cameras = [first, first.beside(View.parse("30,40,8,8"))]
        for camera in cameras:
            camera.warm_up(20, 30)
        made = len(machine.gpu.blocks)
        warm_up_together(cameras, [(20, 30)] * 2)
        assert machine.engines[0].executions == [1] * 8 + [2] * 4
        # Images of the sizes that each has seen alone: two runs, and four slots of three results.
        assert len(machine.gpu.blocks) - made == 2 * 3 + 4 * 2 * 3


def test_every_number_of_cameras_is_warmed_up(machine: Machine, make_network: MakeNetwork) -> None:
    with Segmenter.load(make_network().path, batch=3) as first:
        cameras = [first, first.beside(), first.beside()]
        warm_up_together(cameras, [(20, 30)] * 3)
        # An engine makes itself ready for each, which may take long; the graph of all is the last.
        assert machine.engines[0].executions == [2] * 4 + [3] * 4


def test_a_warm_up_that_fails_for_one_camera_leaves_no_frame_under_way(
    machine: Machine, make_network: MakeNetwork
) -> None:
    image = np.full((20, 30, 3), 60, np.uint8)
    with Segmenter.load(make_network().path, batch=3) as first:
        cameras = [first, first.beside(), first.beside()]
        warm_up_together(cameras, [(20, 30)] * 3)
        machine.gpu.refuses_next = {"allocate_host"}
        with pytest.raises(EngineError, match="while allocate_host"):
            warm_up_together(cameras, [(24, 18), (20, 30), (20, 30)])
        for camera in cameras:
            assert camera.segment(Frame.from_array(image)).labels.shape == (20, 30)


def test_the_processor_takes_no_frames_together(make_network: MakeNetwork) -> None:
    frame = Frame.from_array(np.zeros((20, 30, 3), np.uint8))
    with Segmenter.load(make_network().path, engine="openvino", precision="fp32") as first:
        pieces = [(one, frame, Outputs(), None) for one in (first, first.beside())]
        with pytest.raises(EngineError, match="several cameras at a time on the processor"):
            begin_together(pieces)


@pytest.mark.parametrize(
    ("asked", "integrated", "memory"),
    [
        (None, False, "copied"),
        (None, True, "mapped"),
        (True, False, "mapped"),
        (False, True, "copied"),
    ],
)
def test_memory_is_mapped_where_that_is_asked_for_or_the_gpu_is_integrated(
    machine: Machine,
    make_network: MakeNetwork,
    asked: bool | None,
    integrated: bool,
    memory: str,
) -> None:
    machine.gpu.shares_memory = integrated
    with Segmenter.load(make_network().path, mapped=asked) as segmenter:
        segmenter(np.zeros((20, 30, 3), np.uint8))
        assert segmenter.gpu_memory == memory
    assert ("allocate_host mapped" in machine.gpu.calls) == (memory == "mapped")
    assert ("copy_in" in machine.gpu.calls) == (memory == "copied")


def test_an_engine_that_cannot_be_opened_leaves_nothing(
    machine: Machine, make_network: MakeNetwork
) -> None:
    machine.problem = EngineError("a build that was cancelled", "a built one", "build again")
    with pytest.raises(EngineError, match="cancelled"):
        open_pipeline(make_network())
    assert not machine.gpu.is_open
    assert machine.gpu.left == []


def test_a_pipeline_that_cannot_be_made_closes_engine_and_gpu(
    machine: Machine, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise EngineError("classes of another network", "this one's", "correct the map")

    monkeypatch.setattr(opening, "CudaPipeline", refuse)
    with pytest.raises(EngineError, match="classes of another network"):
        open_pipeline(make_network())
    assert [engine.closed for engine in machine.engines] == [1]
    assert not machine.gpu.is_open


@pytest.mark.parametrize("on_gpu", [True, False])
def test_an_engine_that_is_open_is_closed_where_it_gets_no_pipeline(
    machine: Machine, make_network: MakeNetwork, on_gpu: bool
) -> None:
    model, view = make_network(), View.parse(class_map="camvid11_to_drivable")
    plain = engines.open_engine(model, engine="openvino", precision="fp32")
    opened = HostEngine(machine.gpu, model) if on_gpu else plain
    with plain, pytest.raises(ConfigError):
        pipeline_on(model, opened, view)
    assert machine.gpu.is_open != on_gpu
    if isinstance(opened, HostEngine):
        assert opened.closed == 1
    with pytest.raises(EngineError, match="closed"):
        plain.infer()


def test_an_engine_that_is_open_is_closed_where_there_is_no_gpu(
    machine: Machine, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unusable() -> None:
        raise EngineError("no PyCUDA", "PyCUDA", "install it")

    monkeypatch.setattr(opening, "PyCudaGpu", unusable)
    model = make_network()
    opened = HostEngine(machine.gpu, model)
    with machine.gpu.current(), pytest.raises(EngineError, match="no PyCUDA"):
        pipeline_on(model, opened)
    assert opened.closed == 1


def test_what_cannot_be_closed_hides_no_reason(
    machine: Machine, make_network: MakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    model, view = make_network(), View.parse(class_map="camvid11_to_drivable")
    machine.gpu.refuses.add("close engine")
    with pytest.raises(ConfigError):
        pipeline_on(model, HostEngine(machine.gpu, model), view)
    assert "not freed: " in caplog.text
    assert not machine.gpu.is_open


def test_a_foreign_class_map_is_refused_before_an_engine_is_built(
    machine: Machine, make_network: MakeNetwork
) -> None:
    with pytest.raises(ConfigError):
        open_pipeline(make_network(), view=View.parse(class_map="camvid11_to_drivable"))
    assert machine.asked == []


def test_an_engine_that_is_open_gets_the_pipeline_that_it_needs(
    machine: Machine, make_network: MakeNetwork
) -> None:
    model = make_network()
    pipeline = pipeline_on(model, HostEngine(machine.gpu, model))
    assert isinstance(pipeline, CudaPipeline)
    pipeline.close()
    assert machine.gpu.left == []


def test_a_segmenter_on_a_gpu_serves_several_threads_and_cameras(
    machine: Machine, make_network: MakeNetwork
) -> None:
    images = [np.full((20, 30, 3), 40 * n, np.uint8) for n in range(6)]
    with Segmenter.load(make_network().path) as segmenter:
        second = segmenter.beside(View.parse("4,4,16,12"))
        wanted = [segmenter(image, Outputs()).copy() for image in images]
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda image: segmenter(image).copy(), images))
            list(pool.map(second, images))
        for one, other in zip(wanted, found, strict=True):
            assert (one.labels == other.labels).all()
        assert segmenter.launches == "CUDA graph"
        assert segmenter.engine_name == "host (NumPy)"
        assert segmenter.network_size == NetworkSize(64, 96)
        assert segmenter.logits(images[0])[0].shape == (4, 8, 12)
    assert machine.gpu.left == []
    with pytest.raises(EngineError, match="closed"):
        second(images[0])


def test_a_network_of_align_corners_is_for_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    gpu = SimpleNamespace(close=lambda: closed.append(True))
    monkeypatch.setattr(opening, "_gpu_for", lambda engine: gpu)
    content = sidecar()
    content["output"]["align_corners"] = True
    path = write_network(tmp_path)
    path.with_suffix(".yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(EngineError, match="ask for the engine openvino"):
        open_pipeline(load_model(path), engine="tensorrt")
    assert closed == [True]
    with open_pipeline(load_model(path), engine="auto") as pipeline:
        assert pipeline.engine.name == "openvino"
