"""Regions, result sizes and merged classes: every output is what the definition makes of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation_node.core.class_map import ClassMap
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize, Rectangle, fit
from segmentation_node.core.label_set import Label, LabelSet
from segmentation_node.core.palette import Palette
from segmentation_node.core.postprocess import colorize, confidence, inside, labels_of, overlay
from segmentation_node.core.preprocess import resize_to_network
from segmentation_node.core.window import at_network_size
from segmentation_node.engines import open_engine
from segmentation_node.errors import ConfigError, FrameError
from segmentation_node.model import Model
from segmentation_node.pipeline import Buffers, CpuPipeline, Outputs, Segmenter, View

MakeNetwork = Callable[..., Model]
ALL = Outputs(color=True, overlay=True, confidence=True, alpha=0.3)
REGION = "20,30,120,50"
TWO = LabelSet(
    "two",
    (
        Label(5, "even", (1, 2, 3)),
        Label(6, "odd", (4, 5, 6)),
        Label(77, "unknown", (9, 9, 9), ignored=True),
    ),
)
MERGED = ClassMap("two", TWO, {"even": ("class 0", "class 2"), "odd": ("class 1", "class 3")})


def picture(height: int = 90, width: int = 160, seed: int = 0) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (max(2, height // 25), max(2, width // 25), 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("roi", ["", REGION])
@pytest.mark.parametrize("class_map", [None, MERGED], ids=["own", "merged"])
def test_at_camera_size_every_output_is_the_definitions(
    make_network: MakeNetwork, mode: str, roi: str, class_map: ClassMap | None
) -> None:
    model = make_network(fit=mode, output={"stride": 8, "temperature": 2.5})
    view = View(View.parse(roi).region, class_map=class_map)
    engine, frame = open_engine(model, precision="fp32"), Frame.from_array(picture())
    with CpuPipeline(model, engine, view) as pipeline:
        result = pipeline.segment(frame, ALL)
        logits = engine.infer()[0]
    how = fit(mode, 90, 160, NetworkSize(64, 96), Rectangle(20, 30, 120, 50) if roi else None)
    labels = labels_of(logits, how, view.channel_ids(model.labels))
    np.testing.assert_array_equal(result.labels, labels)
    color = colorize(labels, view.labels(model.labels).palette())
    np.testing.assert_array_equal(result.color, color)
    assert np.abs(overlay(frame.array, color, 0.3).astype(int) - result.overlay).max() <= 1
    surely = confidence(logits, how, temperature=2.5).astype(int)
    assert np.abs(surely - result.confidence).max() <= 1
    assert (result.labels[~inside(how)] == view.labels(model.labels).ignore_id).all()
    assert (result.confidence[~inside(how)] == 0).all()


@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("roi", ["", REGION])
def test_at_network_size_every_output_shows_what_the_network_has_seen(
    make_network: MakeNetwork, mode: str, roi: str
) -> None:
    model, view = make_network(fit=mode), View.parse(roi, "network")
    engine, frame = open_engine(model, precision="fp32"), Frame.from_array(picture())
    with CpuPipeline(model, engine, view) as pipeline:
        result = pipeline.segment(frame, ALL)
        window = pipeline.window(90, 160)
        logits = engine.infer()[0]
    camera = fit(mode, 90, 160, NetworkSize(64, 96), Rectangle(20, 30, 120, 50) if roi else None)
    how = at_network_size(camera)
    assert result.labels.shape == (window.height, window.width) == inside(how).shape
    assert inside(how).all()
    np.testing.assert_array_equal(result.labels, labels_of(logits, how, model.labels))
    color = colorize(result.labels, model.labels.palette())
    seen = resize_to_network(frame.array, camera, model.input.pad_bgr)[how.canvas_part]
    assert np.abs(overlay(seen, color, 0.3).astype(int) - result.overlay).max() <= 1
    assert np.abs(confidence(logits, how).astype(int) - result.confidence).max() <= 1


def test_nothing_outside_a_region_can_change_what_is_inside(make_network: MakeNetwork) -> None:
    model = make_network(fit="letterbox")
    other = picture(seed=1)
    other[30:80, 20:140] = picture()[30:80, 20:140]
    with Segmenter.load(model.path, precision="fp32", view=View.parse(REGION)) as segmenter:
        one, two = (segmenter(image).labels.copy() for image in (picture(), other))
    np.testing.assert_array_equal(one, two)


def test_a_region_in_fractions_follows_the_cameras_size(make_network: MakeNetwork) -> None:
    view = View.parse("0.0,0.5,1.0,0.5")
    with Segmenter.load(make_network().path, precision="fp32", view=view) as segmenter:
        for height, width in ((90, 160), (40, 60)):
            labels = segmenter(picture(height, width)).labels
            assert (labels[: height // 2] == segmenter.labels.ignore_id).all()
            assert (labels[height // 2 :] != segmenter.labels.ignore_id).all()


def test_an_image_without_the_region_is_a_bad_frame_and_the_next_is_answered(
    make_network: MakeNetwork,
) -> None:
    with Segmenter.load(make_network().path, precision="fp32", view=View.parse(REGION)) as made:
        made.warm_up(10, 10)  # of an image that is large enough
        with pytest.raises(FrameError, match=r"the region 120x50 at x=20, y=30"):
            made(picture(60, 100))
        assert made(picture()).labels.shape == (90, 160)


def test_merged_classes_are_what_a_segmenter_says_its_labels_are(
    make_network: MakeNetwork,
) -> None:
    path = make_network().path
    with Segmenter.load(path, precision="fp32", view=View(class_map=MERGED)) as segmenter:
        assert segmenter.labels is TWO
        assert set(np.unique(segmenter(picture()).labels)) <= {5, 6}


def test_a_class_map_for_another_network_is_refused_before_an_engine_is_opened(
    make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("an engine was opened")

    path = make_network().path
    monkeypatch.setattr("segmentation_node.pipeline.opening.open_engine", unwanted)
    with pytest.raises(ConfigError, match="'Road' for 'drivable' in the class map"):
        Segmenter.load(path, view=View.parse(class_map="camvid11_to_drivable"))


def test_a_palette_changes_colours_and_no_label(make_network: MakeNetwork) -> None:
    path, palette = make_network().path, Palette("mine", {"even": (7, 8, 9), "odd": (10, 11, 12)})
    with Segmenter.load(path, precision="fp32", view=View(class_map=MERGED)) as plain:
        labels = plain(picture()).labels.copy()
    view = View(class_map=MERGED, palette=palette)
    with Segmenter.load(path, precision="fp32", view=view) as segmenter:
        result = segmenter(picture())
        np.testing.assert_array_equal(result.labels, labels)
        np.testing.assert_array_equal(result.color, segmenter.labels.palette()[labels])
        colors = [label.color for label in segmenter.labels.labels]
        assert colors == [(7, 8, 9), (10, 11, 12), (9, 9, 9)]
    with pytest.raises(ConfigError, match="colours in mine for even, odd"):
        Segmenter.load(path, view=View(palette=palette))


def test_an_output_size_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="one of camera, network"):
        View(output_size="half")


def test_no_image_is_allocated_for_any_output_after_the_first(make_network: MakeNetwork) -> None:
    frame, view = Frame.from_array(picture(720, 1280)), View(View.parse("0.0,0.2,1.0,0.8").region)
    model = make_network()
    with CpuPipeline(model, open_engine(model, precision="fp32"), view) as pipeline:
        buffers = Buffers.allocate(720, 1280, ALL)
        for _ in range(2):
            pipeline.segment(frame, ALL, buffers)
        tracemalloc.start()
        try:
            pipeline.segment(frame, ALL, buffers)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    # To colour labels OpenCV 4.5 makes an image of its own.
    own = buffers.labels.nbytes * 3 if cv2.__version__.startswith("4.5.") else 0
    assert peak < buffers.labels.nbytes + own


def test_logits_are_those_of_the_region_and_the_callers_own(make_network: MakeNetwork) -> None:
    with Segmenter.load(
        make_network().path, precision="fp32", view=View.parse(REGION)
    ) as segmenter:
        logits, how = segmenter.logits(picture())
        kept = logits.copy()
        labels = segmenter(picture()).labels
        segmenter(picture(seed=1))
        assert how.region == Rectangle(20, 30, 120, 50)
        assert (logits == kept).all()
        np.testing.assert_array_equal(labels_of(logits, how, segmenter.labels), labels)
