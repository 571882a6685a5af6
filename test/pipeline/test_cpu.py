from __future__ import annotations

import logging
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from small_network import expected_logits

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize, fit
from segmentation_node.core.postprocess import colorize, confidence, inside, labels_of, overlay
from segmentation_node.core.preprocess import preprocess
from segmentation_node.engines import open_engine
from segmentation_node.errors import EngineError, FrameError, OutputError
from segmentation_node.model import Model
from segmentation_node.pipeline import Buffers, CpuPipeline, Outputs, cpu
from segmentation_node.pipeline.stream import Kind, Stream
from segmentation_node.pipeline.view import View

MakeNetwork = Callable[..., Model]
ALL = Outputs(color=True, overlay=True, confidence=True, alpha=0.3)


def picture(height: int = 90, width: int = 160, seed: int = 0) -> NDArray[np.uint8]:
    """Broad regions of colour, so that seams and whole regions of one class come out."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (max(2, height // 25), max(2, width // 25), 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def open_pipeline(model: Model, size: NetworkSize | None = None) -> CpuPipeline:
    return CpuPipeline(model, open_engine(model, precision="fp32", size=size))


@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("size", [NetworkSize(64, 96), NetworkSize(96, 64)], ids=str)
def test_every_output_is_what_the_definition_makes_of_the_engines_logits(
    make_network: MakeNetwork, mode: str, size: NetworkSize
) -> None:
    model = make_network(fit=mode)
    engine = open_engine(model, precision="fp32", size=size)
    with CpuPipeline(model, engine) as pipeline:
        for seed in (0, 1):
            frame = Frame.from_array(picture(seed=seed))
            result = pipeline.segment(frame, ALL)
            logits = engine.infer()[0]
            how = fit(mode, 90, 160, size)
            assert (result.labels == labels_of(logits, how, model.labels)).all()
            color = colorize(result.labels, model.labels.palette())
            assert result.color is not None
            assert (result.color == color).all()
            assert result.overlay is not None
            wanted = overlay(frame.array, color, 0.3).astype(int)
            assert np.abs(result.overlay - wanted).max() <= 1
            assert result.confidence is not None
            surely = confidence(logits, how).astype(int)
            assert np.abs(result.confidence - surely).max() <= 1


@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
def test_from_pixels_to_labels_it_is_the_definition(make_network: MakeNetwork, mode: str) -> None:
    model = make_network(fit=mode)
    frame = Frame.from_array(picture())
    how = fit(mode, 90, 160, model.default_size)
    logits = expected_logits(preprocess(frame, how, model.input), 4, 8)[0]
    wanted = labels_of(logits, how, model.labels)
    with open_pipeline(model) as pipeline:
        labels = pipeline.segment(frame).labels
    # The engine rounds otherwise than NumPy: where two classes are nearly equal, either is right.
    two_best = np.sort(logits, axis=0)[-2:]
    assert (two_best[1] - two_best[0]).max() > 0.1
    assert (labels != wanted).mean() < 0.002
    assert (labels[~inside(how)] == model.labels.ignore_id).all()


@pytest.mark.parametrize("encoding", ["rgb8", "bgra8", "yuv422_yuy2", "nv12", "mono8"])
def test_every_encoding_comes_to_what_its_bgr_image_comes_to(
    make_network: MakeNetwork, encoding: str
) -> None:
    bgr = picture()
    if encoding == "rgb8":
        image, back = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), bgr
    elif encoding == "bgra8":
        image, back = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA), bgr
    elif encoding == "mono8":
        image = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        back = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    elif encoding == "nv12":
        image = np.random.default_rng(0).integers(0, 256, (135, 160), np.uint8)
        back = cv2.cvtColor(image, cv2.COLOR_YUV2BGR_NV12)
    else:
        image = np.random.default_rng(0).integers(0, 256, (90, 160, 2), np.uint8)
        back = cv2.cvtColor(image, cv2.COLOR_YUV2BGR_YUY2)
    with open_pipeline(make_network()) as pipeline:
        plain = pipeline.segment(Frame.from_array(back), ALL)
        same = pipeline.segment(Frame.from_array(np.asarray(image), encoding), ALL)
    assert (same.labels == plain.labels).all()
    assert same.overlay is not None
    assert plain.overlay is not None
    assert (same.overlay == plain.overlay).all()


def test_rows_with_padding_and_read_only_bytes_are_read_where_they_lie(
    make_network: MakeNetwork,
) -> None:
    image = picture()
    padded = np.zeros((90, 160 * 3 + 5), np.uint8)
    padded[:, : 160 * 3] = image.reshape(90, -1)
    frame = Frame.from_buffer(
        padded.tobytes(), height=90, width=160, encoding="bgr8", step=160 * 3 + 5
    )
    with open_pipeline(make_network()) as pipeline:
        plain = pipeline.segment(Frame.from_array(image))
        assert (pipeline.segment(frame).labels == plain.labels).all()


def test_stamp_and_frame_id_go_through(make_network: MakeNetwork) -> None:
    with open_pipeline(make_network()) as pipeline:
        result = pipeline.segment(Frame.from_array(picture(), stamp_ns=123, frame_id="front"))
    assert (result.stamp_ns, result.frame_id) == (123, "front")


def test_stages_add_up_to_the_total(make_network: MakeNetwork) -> None:
    with open_pipeline(make_network()) as pipeline:
        stages = dict(pipeline.segment(Frame.from_array(picture())).stages_ms)
    total = stages.pop("total")
    assert set(stages) == {"preprocess", "inference", "postprocess"}
    assert sum(stages.values()) == pytest.approx(total)
    assert min(stages.values()) > 0


def test_results_are_written_where_the_caller_says(make_network: MakeNetwork) -> None:
    buffers = Buffers.allocate(90, 160, Outputs())
    with open_pipeline(make_network()) as pipeline:
        result = pipeline.segment(Frame.from_array(picture()), into=buffers)
    assert result.labels is buffers.labels
    assert result.color is buffers.color


def test_outputs_that_nobody_wants_are_left_alone(make_network: MakeNetwork) -> None:
    buffers = Buffers.allocate(90, 160, ALL)
    assert buffers.overlay is not None
    buffers.overlay.fill(7)
    with open_pipeline(make_network()) as pipeline:
        pipeline.segment(Frame.from_array(picture()), Outputs(), buffers)
    assert (buffers.overlay == 7).all()


def test_an_overlay_needs_no_buffer_for_the_colours(make_network: MakeNetwork) -> None:
    frame = Frame.from_array(picture())
    with open_pipeline(make_network()) as pipeline:
        both = pipeline.segment(frame, ALL)
        alone = pipeline.segment(frame, Outputs(color=False, overlay=True, alpha=0.3))
    assert alone.color is None
    assert alone.overlay is not None
    assert both.overlay is not None
    assert (alone.overlay == both.overlay).all()


def test_buffers_of_another_size_are_refused(make_network: MakeNetwork) -> None:
    with open_pipeline(make_network()) as pipeline, pytest.raises(OutputError, match="labels"):
        pipeline.segment(Frame.from_array(picture()), into=Buffers.allocate(9, 16, Outputs()))


def test_size_and_encoding_may_change_mid_stream(
    make_network: MakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "segmentation_node")
    small, large, model = picture(60, 80), picture(120, 200), make_network(fit="letterbox")
    rgb = cv2.cvtColor(large, cv2.COLOR_BGR2RGB)
    with open_pipeline(model) as pipeline:
        alone = [pipeline.segment(Frame.from_array(image)).labels for image in (small, large)]
        assert pipeline.changes == 1
        for image, encoding, wanted in (
            (large, "bgr8", alone[1]),
            (small, "bgr8", alone[0]),
            (np.asarray(rgb), "rgb8", alone[1]),
        ):
            labels = pipeline.segment(Frame.from_array(image, encoding)).labels
            assert labels.shape == image.shape[:2]
            assert (labels == wanted).all()
        assert pipeline.changes == 3
    assert "camera images are 120x200 rgb8 from now on" in caplog.text


def test_cameras_that_take_turns_are_prepared_once(
    make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Kind] = []

    class Counted(Stream):
        def __init__(self, model: Model, kind: Kind, network: NetworkSize, view: View) -> None:
            made.append(kind)
            super().__init__(model, kind, network, view)

    monkeypatch.setattr(cpu, "Stream", Counted)
    with open_pipeline(make_network()) as pipeline:
        for _ in range(3):
            for height in (60, 90, 120):
                pipeline.segment(Frame.from_array(picture(height)))
        assert len(made) == 3
        for height in range(20, 40):  # more kinds than are kept
            pipeline.segment(Frame.from_array(picture(height)))
        pipeline.segment(Frame.from_array(picture(60)))
    assert len(made) == 24


def test_a_bad_frame_leaves_the_pipeline_usable(make_network: MakeNetwork) -> None:
    def refuse(frame: Frame) -> NDArray[np.uint8]:
        raise ValueError("no such thing")

    good = Frame.from_array(picture())
    with open_pipeline(make_network()) as pipeline:
        before = pipeline.segment(good).labels
        bad = Frame(good.array.reshape(90, -1), "32FC9", 90, 160, 480, fallback=refuse)
        with pytest.raises(FrameError, match="no such thing"):
            pipeline.segment(bad)
        assert (pipeline.segment(good).labels == before).all()


@pytest.mark.parametrize("shape", [(0, 160, 3), (90, 0, 3)])
def test_a_frame_without_pixels_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(FrameError, match="at least 1x1"):
        Frame.from_array(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_an_image_of_hardly_any_pixels_is_segmented(
    make_network: MakeNetwork, size: tuple[int, int]
) -> None:
    image = np.full((*size, 3), 99, np.uint8)
    for mode in ("stretch", "letterbox", "crop"):
        with open_pipeline(make_network(fit=mode)) as pipeline:
            assert pipeline.segment(Frame.from_array(image)).labels.shape == size


def test_closing_twice_is_safe_and_use_afterwards_is_an_error(make_network: MakeNetwork) -> None:
    pipeline = open_pipeline(make_network())
    pipeline.close()
    pipeline.close()
    with pytest.raises(EngineError, match="closed"):
        pipeline.segment(Frame.from_array(picture()))
