from __future__ import annotations

import ctypes
import logging
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from host_engine import HostEngine
from host_gpu import HostGpu
from numpy.typing import NDArray
from small_network import expected_logits

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, NetworkSize
from segmentation_node.core.postprocess import colorize, confidence, labels_of, overlay
from segmentation_node.core.preprocess import preprocess, resize_to_network
from segmentation_node.cuda.captures import CAPTURES
from segmentation_node.engines import open_engine
from segmentation_node.errors import ConfigError, EngineError, FrameError, OutputError
from segmentation_node.model import Model
from segmentation_node.pipeline import Buffers, CpuPipeline, CudaPipeline, Outputs, Segmentation
from segmentation_node.pipeline.view import View

MakeNetwork = Callable[..., Model]
ALL = Outputs(color=True, overlay=True, confidence=True, alpha=0.3)
FRAME = ["copy_in", "preprocess", "inference", "inference", "postprocess", "copy_out", "copy_out"]
HALF = ("float16", "float16")


def picture(height: int = 60, width: int = 84, seed: int = 0) -> NDArray[np.uint8]:
    """Broad regions of colour, so that seams and whole regions of one class come out."""
    small = np.random.default_rng(seed).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def frame_of(seed: int = 0, height: int = 60, width: int = 84) -> Frame:
    return Frame.from_array(picture(height, width, seed))


class Rig:
    """A pipeline on the stand-in, and what it must come to."""

    def __init__(
        self,
        library: ctypes.CDLL,
        model: Model,
        view: View | None = None,
        seed: int = 0,
        dtypes: tuple[str, str] = ("float32", "float32"),
        temperature: float = 1.0,
        **options: Any,
    ) -> None:
        model = replace(model, temperature=temperature)
        self.model, self.view, self.dtypes = model, view or View(), dtypes
        self.gpu = HostGpu(library, seed)
        self.engine = HostEngine(self.gpu, model, dtypes=dtypes)
        self.pipeline = CudaPipeline(model, self.engine, view, gpu=self.gpu, **options)

    def fits(self, frame: Frame) -> tuple[Fit, Fit]:
        size = self.pipeline.network_size
        fitted = self.view.fit(self.model.input.fit, frame.height, frame.width, size)
        return fitted, self.view.of_result(fitted)

    def logits(self, frame: Frame) -> NDArray[np.float32]:
        values = preprocess(frame, self.fits(frame)[0], self.model.input).astype(self.dtypes[0])
        classes, stride = self.model.labels.num_classes, self.model.stride
        logits = expected_logits(values.astype(np.float32), classes, stride)[0]
        return logits.astype(self.dtypes[1]).astype(np.float32)

    def check(self, frame: Frame, result: Segmentation, outputs: Outputs = ALL) -> None:
        """Compare a result with the definition."""
        (fitted, seen), logits, labels = self.fits(frame), self.logits(frame), self.model.labels
        ids, palette = self.view.channel_ids(labels), self.view.labels(labels).palette()
        assert (result.labels == labels_of(logits, seen, ids)).all()
        color = colorize(result.labels, palette)
        if outputs.color:
            assert result.color is not None
            assert (result.color == color).all()
        if outputs.overlay:
            bgr = to_bgr(frame)
            if seen is not fitted:
                small = resize_to_network(bgr, fitted, self.model.input.pad_bgr)
                bgr = small[seen.canvas_part]
            assert result.overlay is not None
            assert (result.overlay == overlay(bgr, color, outputs.alpha)).all()
        if outputs.confidence:
            assert result.confidence is not None
            surely = confidence(logits, seen, self.model.temperature).astype(int)
            assert np.abs(result.confidence - surely).max() <= 1

    def run(self, count: int = 4, outputs: Outputs = ALL) -> None:
        for seed in range(count):
            self.check(frame_of(seed), self.pipeline.segment(frame_of(seed), outputs), outputs)

    def close(self) -> None:
        self.pipeline.close()
        assert self.gpu.left == []
        assert self.engine.closed == 1
        assert not self.gpu.is_open


@pytest.fixture
def make_rig(library: ctypes.CDLL, make_network: MakeNetwork) -> Callable[..., Rig]:
    """Make a rig; keys of the network's sidecar may be given as a mapping."""

    def make(
        view: View | None = None, network: dict[str, Any] | None = None, **options: Any
    ) -> Rig:
        return Rig(library, make_network(**(network or {})), view, **options)

    return make


MakeRig = Callable[..., Rig]


@pytest.mark.parametrize("options", [{}, {"graphs": False}, {"mapped": True}, {"dtypes": HALF}])
@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
def test_every_output_is_what_the_definition_says(
    make_rig: MakeRig, mode: str, options: dict[str, Any]
) -> None:
    rig = make_rig(network={"fit": mode}, temperature=1.5, **options)
    rig.run()
    rig.close()


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_every_encoding_with_rows_that_lie_apart(make_rig: MakeRig, encoding: str) -> None:
    row, height, width = ENCODINGS[encoding], 40, 64
    step = row.row_bytes(width) + (6 if row.planes else 5)
    data = np.random.default_rng(0).integers(0, 256, row.rows(height) * step).astype(np.uint8)
    data.flags.writeable = False
    rig = make_rig()
    for big in (False, True) if row.item_bytes == 2 else (False,):
        frame = Frame.from_buffer(
            data, height=height, width=width, encoding=encoding, step=step, is_bigendian=big
        )
        rig.check(frame, rig.pipeline.segment(frame, ALL))
    rig.close()


def test_an_array_that_no_kernel_could_read_is_read_all_the_same(make_rig: MakeRig) -> None:
    rig, image = make_rig(), picture(60, 84)
    for view in (image[::-1, ::-1], image[:, ::2], image[..., ::-1]):
        frame = Frame.from_array(view)
        rig.check(frame, rig.pipeline.segment(frame, ALL))
    rig.close()


def test_it_agrees_with_the_pipeline_on_the_processor(make_rig: MakeRig) -> None:
    rig = make_rig(network={"fit": "letterbox"})
    with CpuPipeline(rig.model, open_engine(rig.model, precision="fp32")) as plain:
        for seed in range(3):
            frame = frame_of(seed)
            there, here = plain.segment(frame, ALL), rig.pipeline.segment(frame, ALL)
            # Another engine rounds otherwise: where two classes are nearly equal, either is right.
            assert (there.labels != here.labels).mean() < 0.002
        assert rig.pipeline.network_size == plain.network_size
        assert rig.pipeline.window(60, 84) == plain.window(60, 84)
        assert rig.pipeline.window(99, 50) == plain.window(99, 50)
        logits, fitted = rig.pipeline.logits(frame)
        wanted, fitted_there = plain.logits(frame)
        assert logits == pytest.approx(wanted, abs=1e-4)
        assert fitted == fitted_there
        assert dict(there.stages_ms).keys() == dict(here.stages_ms).keys()
    rig.close()


def test_a_frame_is_copied_prepared_run_decided_and_copied_back(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.pipeline.segment(frame_of())
    events = {"record", "hold"}
    assert [name for name in rig.gpu.ran if name not in events] == FRAME
    rig.close()


def test_mapped_memory_is_not_copied(make_rig: MakeRig) -> None:
    rig = make_rig(mapped=True)
    rig.run(2)
    assert not {"copy_in", "copy_out"} & set(rig.gpu.ran)
    rig.close()


def test_a_frame_is_one_graph_launch_from_the_second_of_its_slot_on(make_rig: MakeRig) -> None:
    rig = make_rig()
    assert rig.pipeline.launches == "plain enqueue"
    rig.run(2)
    assert rig.pipeline.launches == "plain enqueue"
    rig.run(2)
    assert rig.pipeline.launches == "CUDA graph"
    rig.gpu.calls.clear()
    rig.run(3)
    calls = Counter(rig.gpu.calls)
    assert calls == {"launch graph": 3, "synchronize": 3, "ms_since": 18}
    rig.close()


def test_without_graphs_nothing_is_captured_nor_allocated_for_a_frame(make_rig: MakeRig) -> None:
    rig = make_rig(graphs=False)
    rig.run(2)
    rig.gpu.calls.clear()
    rig.run(3)
    assert set(rig.gpu.calls) == {
        *("record", "copy_in", "launch preprocess", "enqueue", "launch postprocess"),
        *("copy_out", "synchronize", "ms_since"),
    }
    assert rig.pipeline.launches == "plain enqueue"
    rig.close()


def test_what_cannot_be_captured_is_enqueued_call_by_call_and_told_once(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    rig.gpu.refuses_to_capture.add("enqueue")
    with caplog.at_level(logging.WARNING, "segmentation_node"):
        rig.run(6)
    assert rig.gpu.calls.count("capture") == 2
    assert rig.pipeline.launches == "plain enqueue (CUDA_ERROR_STAND_IN while enqueue)"
    assert caplog.text.count("no CUDA graph can be made") == 1
    rig.close()


@pytest.mark.parametrize("name", ["instantiate", "launch graph", "synchronize", "ms_since"])
def test_a_graph_that_does_not_bear_its_first_frame_is_made_once_more(
    make_rig: MakeRig, name: str
) -> None:
    rig = make_rig()
    rig.run(2)
    rig.gpu.calls.clear()
    rig.run(1)
    first = rig.gpu.calls.index(name, rig.gpu.calls.index("capture"))
    again = make_rig()
    again.run(2)
    again.gpu.calls.clear()
    again.gpu.fails_at = first + 1
    again.run(1)
    assert again.pipeline.launches == f"plain enqueue (CUDA_ERROR_STAND_IN while {name})"
    again.run(2)
    assert again.pipeline.launches == "CUDA graph"
    assert again.gpu.calls.count("capture") == 3
    for one in (rig, again):
        one.close()


def test_nothing_is_captured_while_an_engine_is_loaded_and_frames_go_on(make_rig: MakeRig) -> None:
    rig = make_rig()
    with CAPTURES.kept_away():
        rig.run(4)
        assert "capture" not in rig.gpu.calls
        # Nor does a frame wait for the others, as it would before a capture.
        rig.pipeline.begin(frame_of(1), ALL)
        rig.gpu.calls.clear()
        rig.pipeline.begin(frame_of(2), ALL)
        assert "synchronize" not in rig.gpu.calls
        rig.pipeline.finish()
        rig.pipeline.finish()
    rig.run(2)
    assert rig.pipeline.launches == "CUDA graph"
    rig.close()


def test_the_colours_weight_takes_effect_with_graphs(make_rig: MakeRig) -> None:
    rig = make_rig()
    for alpha in (0.2, 0.7, 0.2):
        rig.run(5, replace(ALL, alpha=alpha))
    # Where there is no overlay its weight makes no new graph.
    rig.run(5, Outputs(alpha=0.1))
    captured = rig.gpu.calls.count("capture")
    rig.run(5, Outputs(alpha=0.9))
    assert rig.gpu.calls.count("capture") == captured
    rig.close()


def test_listeners_that_come_and_go_get_theirs_and_few_graphs_are_kept(make_rig: MakeRig) -> None:
    rig = make_rig()
    for _ in range(2):
        for number in range(8):
            bits = [bool(number & bit) for bit in (1, 2, 4)]
            rig.run(4, Outputs(*bits, alpha=0.3))
    assert len([graph for graph in rig.gpu.graphs if not graph.is_freed]) == 8
    rig.close()


def test_outputs_that_nobody_wants_are_left_alone(make_rig: MakeRig) -> None:
    buffers = Buffers.allocate(60, 84, ALL)
    assert buffers.overlay is not None
    buffers.overlay.fill(7)
    rig = make_rig()
    result = rig.pipeline.segment(frame_of(), Outputs(), buffers)
    assert result.labels is buffers.labels
    assert result.color is buffers.color
    assert (buffers.overlay == 7).all()
    rig.close()


@pytest.mark.parametrize("graphs", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_two_frames_under_way_do_not_disturb_each_other(
    make_rig: MakeRig, seed: int, graphs: bool
) -> None:
    rig, pipeline = (rig := make_rig(seed=seed, graphs=graphs)), rig.pipeline
    frames = [frame_of(n) if n % 5 else frame_of(n, 44, 70) for n in range(12)]
    pipeline.begin(frames[0], ALL)
    for before, frame in pairwise(frames):
        changing = frame.array.copy()
        pipeline.begin(replace(frame, array=changing), ALL)
        changing.fill(0)  # a frame is read in begin, and no later
        rig.check(before, pipeline.finish())
    rig.check(frames[-1], pipeline.finish())
    overlapped = "".join({"copy_in": "<", "copy_out": ">"}.get(name, "") for name in rig.gpu.ran)
    # Results of one frame are copied out while the next one is copied in and prepared.
    assert not re.fullmatch("(<>>>>)*", overlapped)
    rig.close()


def test_no_more_than_two_frames_are_under_way(make_rig: MakeRig) -> None:
    rig = make_rig()
    pipeline = rig.pipeline
    with pytest.raises(EngineError, match="no frame to finish"):
        pipeline.finish()
    pipeline.begin(frame_of(1), ALL)
    with pytest.raises(EngineError, match="another frame while 1 are under way"):
        pipeline.segment(frame_of())
    with pytest.raises(EngineError, match="call finish"):
        pipeline.logits(frame_of())
    with pytest.raises(EngineError, match="call finish"):
        pipeline.warm_up(40, 40)
    pipeline.begin(frame_of(2), ALL)
    with pytest.raises(EngineError, match="another frame while 2 are under way"):
        pipeline.begin(frame_of(3))
    rig.check(frame_of(1), pipeline.finish())
    rig.check(frame_of(2), pipeline.finish())
    rig.close()


def test_whether_a_frame_is_ready_is_told_without_waiting(make_rig: MakeRig) -> None:
    rig = make_rig()
    pipeline = rig.pipeline
    assert pipeline.is_ready
    pipeline.begin(frame_of(), ALL)
    assert not pipeline.is_ready
    # One whose state cannot be asked is for `finish`, which says why.
    for refused in ("is_done", "synchronize"):
        rig.gpu.refuses.add(refused)
    assert pipeline.is_ready
    with pytest.raises(EngineError, match="synchronize"):
        pipeline.finish()
    rig.gpu.refuses.clear()
    with rig.gpu.current():
        rig.gpu.run_until(lambda: not any(stream.queue for stream in rig.gpu.streams))
    pipeline.begin(frame_of(1), ALL)
    with rig.gpu.current():
        rig.gpu.run_until(lambda: not any(stream.queue for stream in rig.gpu.streams))
    assert pipeline.is_ready
    rig.check(frame_of(1), pipeline.finish())
    rig.close()
    assert pipeline.is_ready


def test_buffers_that_do_not_fit_lose_no_frame(make_rig: MakeRig) -> None:
    rig, wrong = make_rig(), Buffers.allocate(9, 16, ALL)
    with pytest.raises(OutputError, match="labels"):
        rig.pipeline.segment(frame_of(), ALL, wrong)
    rig.pipeline.begin(frame_of(1), ALL)
    with pytest.raises(OutputError, match="labels"):
        rig.pipeline.begin(frame_of(2), ALL, wrong)
    right = Buffers.allocate(60, 84, ALL)
    rig.pipeline.begin(frame_of(3), ALL, right)
    rig.check(frame_of(1), rig.pipeline.finish())
    result = rig.pipeline.finish()
    rig.check(frame_of(3), result)
    assert result.labels is right.labels
    rig.close()


def test_size_and_encoding_may_change_and_the_latest_kinds_are_kept(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "segmentation_node")
    rig = make_rig()
    for _ in range(2):
        for height in range(30, 37):
            frame = frame_of(height, height, 50)
            rig.check(frame, rig.pipeline.segment(frame, ALL))
    assert rig.pipeline.changes == 13
    made = rig.gpu.calls.count("stream")
    assert made == 14
    rgb = Frame.from_array(picture(36, 50), "rgb8")
    rig.check(rgb, rig.pipeline.segment(rgb, ALL))
    assert rig.gpu.left.count("HostStream") == 16
    frame = frame_of(0, 90, 50)
    rig.check(frame, rig.pipeline.segment(frame, ALL))  # the ninth kind: the oldest goes
    assert rig.gpu.left.count("HostStream") == 16
    assert "camera images are 36x50 rgb8 from now on" in caplog.text
    rig.close()


def test_warming_up_captures_and_counts_no_change(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.pipeline.warm_up(60, 84)
    assert rig.pipeline.launches == "CUDA graph"
    rig.gpu.calls.clear()
    rig.run(2, Outputs())
    assert set(rig.gpu.calls) == {"launch graph", "synchronize", "ms_since"}
    rig.pipeline.segment(frame_of(0, 30, 30))
    assert rig.pipeline.changes == 1
    rig.close()


def test_stamp_and_frame_id_go_through_and_stages_add_up(make_rig: MakeRig) -> None:
    rig = make_rig()
    frame = Frame.from_array(picture(), stamp_ns=123, frame_id="front")
    result = rig.pipeline.segment(frame)
    assert (result.stamp_ns, result.frame_id) == (123, "front")
    stages = dict(result.stages_ms)
    total = stages.pop("total")
    assert list(stages) == ["preprocess", "inference", "postprocess"]
    assert sum(stages.values()) == pytest.approx(total)
    assert min(stages.values()) > 0
    assert list(rig.pipeline.gpu_stages_ms) == [
        *("copy_in", "preprocess", "inference", "postprocess", "copy_out", "frame"),
    ]
    assert min(rig.pipeline.gpu_stages_ms.values()) > 0
    rig.close()


def test_an_encoding_that_only_the_fallback_knows_is_converted_by_the_processor(
    make_rig: MakeRig,
) -> None:
    rig, image = make_rig(), picture()
    frame = Frame(
        image.reshape(60, -1),
        "32FC9",
        60,
        84,
        252,
        fallback=lambda frame: frame.array.reshape(60, 84, 3)[..., ::-1],
    )
    rig.check(frame, rig.pipeline.segment(frame, ALL))
    rig.close()


def test_a_bad_frame_leaves_the_pipeline_usable(make_rig: MakeRig) -> None:
    def refuse(frame: Frame) -> NDArray[np.uint8]:
        raise ValueError("no such thing")

    rig = make_rig()
    rig.run(1)
    bad = Frame(np.zeros((60, 252), np.uint8), "32FC9", 60, 84, 252, fallback=refuse)
    with pytest.raises(FrameError, match="no such thing"):
        rig.pipeline.segment(bad)
    with pytest.raises(FrameError, match="an array of uint8"):
        rig.pipeline.segment(Frame(np.zeros((60, 80, 3), np.uint8), "bgr8", 60, 84, 252))
    with pytest.raises(FrameError, match="encoding 'planes'"):
        rig.pipeline.segment(Frame(np.zeros((60, 84), np.uint8), "planes", 60, 84, 84))
    rig.run(3)
    rig.close()


@pytest.mark.parametrize("roi", ["", "10,6,50,40"])
@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("output_size", ["camera", "network"])
def test_views_are_those_of_the_processor(
    make_rig: MakeRig, output_size: str, mode: str, roi: str
) -> None:
    rig = make_rig(View.parse(roi, output_size), network={"fit": mode})
    rig.run(4)
    rig.pipeline.warm_up(4, 4)
    if roi:
        with pytest.raises(FrameError, match="region"):
            rig.pipeline.segment(frame_of(0, 20, 20))
    rig.close()


def test_the_output_size_is_right_without_an_overlay_too(make_rig: MakeRig) -> None:
    rig = make_rig(View.parse("", "network"))
    rig.run(3, Outputs())
    assert not [work for work in rig.gpu.ran if work == "preprocess"][3:]
    rig.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"images": 2}, "one image at a time"), ({"dtypes": ("float32", "int8")}, "int8")],
)
def test_engines_that_do_not_fit_are_named(
    library: ctypes.CDLL, make_network: MakeNetwork, change: dict[str, Any], reason: str
) -> None:
    gpu, model = HostGpu(library), make_network()
    engine = HostEngine(gpu, model, **change)
    with (
        CudaPipeline(model, engine, gpu=gpu) as pipeline,
        pytest.raises(EngineError, match=reason),
    ):
        pipeline.segment(frame_of())
    assert gpu.left == []


def test_a_view_with_foreign_classes_is_refused_before_anything_is_made(
    library: ctypes.CDLL, make_network: MakeNetwork
) -> None:
    gpu, model = HostGpu(library), make_network()
    view = View.parse(class_map="camvid11_to_drivable")
    with pytest.raises(ConfigError):
        CudaPipeline(model, HostEngine(gpu, model), view, gpu=gpu)
    assert gpu.left == []


def test_closing_twice_is_safe_and_use_afterwards_is_an_error(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.run(3)
    rig.close()
    rig.close()
    for use in (rig.pipeline.segment, rig.pipeline.begin, rig.pipeline.logits):
        with pytest.raises(EngineError, match="closed pipeline"):
            use(frame_of())
    with pytest.raises(EngineError, match="closed pipeline"):
        rig.pipeline.finish()


@pytest.mark.parametrize("rounds", [0, 4])
def test_closing_waits_for_what_is_under_way(make_rig: MakeRig, rounds: int) -> None:
    rig = make_rig()
    rig.run(rounds)
    rig.pipeline.begin(frame_of(1), ALL)
    rig.pipeline.begin(frame_of(2), ALL)
    assert any(stream.queue for stream in rig.gpu.streams)
    rig.close()


def test_it_may_be_used_from_one_thread_after_the_other(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.run(1)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(rig.run, 3).result(timeout=60)
    rig.run(2)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(rig.close).result(timeout=60)


TINY = (20, 24)


def use_everything(rig: Rig) -> None:
    for seed in range(4):
        rig.pipeline.segment(frame_of(seed, *TINY), ALL)
    rig.pipeline.begin(frame_of(1, *TINY), ALL)
    rig.pipeline.begin(frame_of(2, 8, 9), Outputs())
    rig.pipeline.finish()
    rig.pipeline.finish()
    rig.pipeline.logits(frame_of(3, *TINY))


@pytest.fixture
def make_tiny_rig(library: ctypes.CDLL, make_network: MakeNetwork) -> Callable[[], Rig]:
    """Make rigs of few pixels, one for each call that is to fail."""
    model = make_network(default_size=[32, 32])
    return lambda: Rig(library, model, View.parse("", "network"))


def calls_of_a_run(rig: Rig) -> list[str]:
    """The calls from the first frame up to closing."""
    rig.gpu.calls.clear()
    use_everything(rig)
    calls = list(rig.gpu.calls)
    rig.close()
    return calls


def test_whichever_call_fails_the_next_frame_is_right_and_everything_is_freed(
    make_tiny_rig: Callable[[], Rig],
) -> None:
    calls = calls_of_a_run(make_tiny_rig())
    assert {"capture", "launch graph", "upload", "allocate_host", "enqueue"} <= set(calls)
    failed = 0
    for number, name in enumerate(calls, 1):
        rig = make_tiny_rig()
        rig.gpu.calls.clear()
        rig.gpu.fails_at = number
        try:
            use_everything(rig)
        except EngineError as error:
            failed += 1
            assert error.received == f"CUDA_ERROR_STAND_IN while {name}"
        else:
            # A capture has failed: the frame went out call by call, and another was captured.
            assert rig.pipeline.launches == "CUDA graph"
        while rig.pipeline.under_way:
            rig.pipeline.finish()
        # Nothing of a frame that failed is left in a stream, where it would meet the next one.
        assert not any(stream.queue for stream in rig.gpu.streams), name
        rig.check(frame_of(5, *TINY), rig.pipeline.segment(frame_of(5, *TINY), ALL))
        rig.close()
    assert failed > 100


def test_whichever_call_fails_in_closing_the_rest_is_freed_and_it_is_told(
    make_tiny_rig: Callable[[], Rig], caplog: pytest.LogCaptureFixture
) -> None:
    whole = make_tiny_rig()
    use_everything(whole)
    whole.gpu.calls.clear()
    whole.close()
    frees = list(whole.gpu.calls)
    assert len(frees) > 30
    for number, name in enumerate(frees, 1):
        rig = make_tiny_rig()
        use_everything(rig)
        rig.gpu.calls.clear()
        rig.gpu.fails_at = number
        caplog.clear()
        rig.pipeline.close()
        assert not rig.gpu.is_open
        # What could not be freed itself is all that is left.
        assert len(rig.gpu.left) == int(name.startswith("free")), name
        assert name == "synchronize" or "not freed: " in caplog.text


def test_a_gpu_that_is_lost_is_told_and_closing_ends(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    rig.run(5)
    rig.gpu.refuses.add("synchronize")
    for _ in range(3):
        with pytest.raises(EngineError, match="while synchronize"):
            rig.pipeline.segment(frame_of())
        for stream in rig.gpu.streams:
            stream.queue.clear()
    rig.close()


def test_network_size_is_the_engines(library: ctypes.CDLL, make_network: MakeNetwork) -> None:
    gpu, model = HostGpu(library), make_network()
    engine = HostEngine(gpu, model, NetworkSize(32, 64))
    with CudaPipeline(model, engine, gpu=gpu) as pipeline:
        assert pipeline.network_size == NetworkSize(32, 64)
        assert pipeline.segment(frame_of()).labels.shape == (60, 84)


@pytest.mark.parametrize("closed", [0, 1])
def test_two_cameras_share_an_engine_and_are_closed_together(
    make_rig: MakeRig, closed: int
) -> None:
    rig = make_rig()
    second = rig.pipeline.beside(View.parse("10,6,50,40"))
    rigs = [rig, copy(rig)]
    rigs[1].pipeline, rigs[1].view = second, View.parse("10,6,50,40")
    for seed in range(6):
        for one in rigs:
            one.pipeline.begin(frame_of(seed), ALL)
        for one in rigs:
            one.check(frame_of(seed), one.pipeline.finish())
    rig.pipeline.begin(frame_of(1))
    second.begin(frame_of(2))
    (rig.pipeline, second)[closed].close()
    for pipeline in (rig.pipeline, second):
        with pytest.raises(EngineError, match="closed pipeline"):
            pipeline.segment(frame_of())
    rig.close()


def test_a_second_cameras_view_is_checked(make_rig: MakeRig) -> None:
    rig = make_rig()
    with pytest.raises(ConfigError):
        rig.pipeline.beside(View.parse(class_map="camvid11_to_drivable"))
    rig.close()
