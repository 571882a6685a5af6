from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from small_network import onnx_bytes, sidecar, write_network

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize, fit
from segmentation_node.core.postprocess import colorize, labels_of
from segmentation_node.errors import ConfigError, EngineError, FrameError, ModelError
from segmentation_node.media.images import list_images, read_image
from segmentation_node.model import Model
from segmentation_node.pipeline import Buffers, Outputs, Segmenter

MakeNetwork = Callable[..., Model]


def picture(height: int = 90, width: int = 160, seed: int = 0) -> NDArray[np.uint8]:
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return blocks.repeat(-(-height // 9), 0).repeat(-(-width // 16), 1)[:height, :width].copy()


@pytest.fixture
def segmenter(make_network: MakeNetwork) -> Segmenter:
    return Segmenter.load(make_network().path, precision="fp32")


def test_an_image_becomes_labels_and_colours_of_its_size(segmenter: Segmenter) -> None:
    with segmenter:
        result = segmenter(picture())
    assert result.labels.shape == (90, 160)
    assert result.color is not None
    palette = segmenter.model.labels.palette()
    assert (result.color == colorize(result.labels, palette)).all()
    assert set(np.unique(result.labels)) <= set(segmenter.model.labels.id_of_channel)


def test_it_says_what_is_in_use(segmenter: Segmenter) -> None:
    with segmenter:
        assert segmenter.precision == "fp32"
        assert segmenter.engine_name.startswith("openvino (OpenVINO 20")
        assert segmenter.device.startswith("CPU (")
        assert segmenter.network_size == NetworkSize(64, 96)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (None, NetworkSize(64, 96)),
        ("default", NetworkSize(64, 96)),
        ("32x64", NetworkSize(32, 64)),
        (NetworkSize(64, 32), NetworkSize(64, 32)),
    ],
)
def test_network_size_is_what_was_asked_for(
    make_network: MakeNetwork, asked: str | NetworkSize | None, wanted: NetworkSize
) -> None:
    with Segmenter.load(make_network().path, network_size=asked) as segmenter:
        assert segmenter.network_size == wanted
        assert segmenter(picture()).labels.shape == (90, 160)


def test_a_result_stays_valid_over_the_next_call_and_a_copy_for_good(segmenter: Segmenter) -> None:
    with segmenter:
        first = segmenter(picture(seed=1))
        kept = first.copy()
        second = segmenter(picture(seed=2))
        assert not np.shares_memory(first.labels, second.labels)
        assert (first.labels == kept.labels).all()
        third = segmenter(picture(seed=3))
        assert np.shares_memory(first.labels, third.labels)
        assert not np.shares_memory(kept.labels, third.labels)


def test_results_of_another_size_leave_the_last_one_alone(segmenter: Segmenter) -> None:
    with segmenter:
        first = segmenter(picture(seed=1))
        kept = first.copy()
        for size in ((40, 60), (90, 160), (30, 20)):
            assert segmenter(picture(*size)).labels.shape == size
        assert segmenter.input_changes == 3
        # The ring keeps to two sets, whatever their sizes.
        again = segmenter(picture(seed=1))
        assert (again.labels == kept.labels).all()


def test_a_frame_goes_in_as_well_as_an_array(segmenter: Segmenter) -> None:
    rgb = np.ascontiguousarray(picture()[:, :, ::-1])
    with segmenter:
        kept = segmenter(picture()).copy()
        result = segmenter(Frame.from_array(rgb, "rgb8", stamp_ns=7, frame_id="front"))
    assert (result.labels == kept.labels).all()
    assert (result.stamp_ns, result.frame_id) == (7, "front")


def test_the_caller_may_bring_the_memory(segmenter: Segmenter) -> None:
    outputs = Outputs(color=False, confidence=True)
    buffers = Buffers.allocate(90, 160, outputs)
    with segmenter:
        result = segmenter.segment(Frame.from_array(picture()), outputs, buffers)
    assert result.labels is buffers.labels
    assert result.confidence is buffers.confidence
    assert result.color is None


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
    ids=["empty", "gray", "alpha", "float"],
)
def test_anything_but_a_bgr_image_is_refused(
    segmenter: Segmenter, image: NDArray[np.uint8]
) -> None:
    with segmenter, pytest.raises(FrameError):
        segmenter(image)


def test_closing_twice_is_safe_and_use_afterwards_is_an_error(segmenter: Segmenter) -> None:
    segmenter.close()
    segmenter.close()
    with pytest.raises(EngineError, match="closed segmenter"):
        segmenter(picture())
    with pytest.raises(EngineError, match="closed segmenter"):
        segmenter.segment(Frame.from_array(picture()))


def test_warming_up_leaves_results_as_they_are(segmenter: Segmenter) -> None:
    with segmenter:
        kept = segmenter(picture()).copy()
        segmenter.warm_up(40, 60)
        assert (segmenter(picture()).labels == kept.labels).all()
        # Nor does it count as a change of the camera's size.
        assert segmenter.input_changes == 0


def test_two_segmenters_side_by_side_do_not_disturb_each_other(make_network: MakeNetwork) -> None:
    path = make_network().path
    with Segmenter.load(path) as one, Segmenter.load(path, network_size="32x32") as other:
        alone = one(picture(seed=1)).copy()
        other(picture(seed=2))
        assert (one(picture(seed=1)).labels == alone.labels).all()


def test_threads_get_results_of_their_own(segmenter: Segmenter) -> None:
    images = [picture(seed=seed) for seed in range(3)]
    with segmenter:
        wanted = [segmenter(image).copy().labels for image in images]

        def run(which: int) -> bool:
            held = segmenter(images[which])
            rounds = [held, *(segmenter(images[which]) for _ in range(20))]
            return all((result.labels == wanted[which]).all() for result in rounds)

        with ThreadPoolExecutor(3) as pool:
            assert all(pool.map(run, range(3)))


def test_closing_waits_for_the_frame_under_way(segmenter: Segmenter) -> None:
    deadline = time.monotonic() + 50

    def run() -> None:
        with pytest.raises(EngineError, match="closed segmenter"):
            while time.monotonic() < deadline:
                segmenter(picture())

    with ThreadPoolExecutor(2) as pool:
        segmenter(picture())
        running = [pool.submit(run) for _ in range(2)]
        segmenter.close()
        for one in running:
            one.result(timeout=60)


def test_the_models_notice_is_said_once(
    make_network: MakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    model = make_network(notice="For research alone.")
    with caplog.at_level(logging.INFO, "segmentation_node"), Segmenter.load(model.path) as one:
        one(picture())
        one(picture())
    assert [record.getMessage() for record in caplog.records] == ["small: For research alone."]


def test_a_model_without_a_notice_says_nothing(
    make_network: MakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "segmentation_node"):
        Segmenter.load(make_network().path).close()
    assert not caplog.records


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"engine": "tensorrt"}, EngineError),
        ({"precision": "fp8"}, EngineError),
        ({"network_size": "0x64"}, ConfigError),
        ({"network_size": "large"}, ConfigError),
        ({"network_size": "50x64"}, ModelError),
    ],
)
def test_settings_that_cannot_be_met_are_refused(
    make_network: MakeNetwork, settings: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Segmenter.load(make_network().path, **settings)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" * 9, onnx_bytes()[:200]])
def test_an_empty_foreign_or_cut_model_file_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelError, match=r"small\.onnx"):
        Segmenter.load(write_network(tmp_path, content))


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx"):
        Segmenter.load(tmp_path / "none.onnx")


@pytest.mark.parametrize("size", ["288x512", "384x480"])
def test_labels_of_the_default_model_on_real_images_equal_the_definition(
    camvid: Path, size: str
) -> None:
    images = list_images(camvid / "val" / "images")[::25]
    with Segmenter.load("camvid", network_size=size) as segmenter:
        for path in images:
            image = read_image(path)
            labels = segmenter(image).labels
            how = fit(segmenter.model.input.fit, *image.shape[:2], segmenter.network_size)
            logits = segmenter._engine.infer()[0]
            assert (labels == labels_of(logits, how, segmenter.model.labels)).all()


GOOD = {"images": 8, "same_class": 0.995, "kept": {"class 0": 0.98}, "gained": {}, "unjudged": []}


@pytest.mark.parametrize(
    ("agreement", "said"),
    [
        (GOOD, ""),
        (None, "which nobody has held against its float network"),
        ({**GOOD, "same_class": 0.9}, "90.0 % of the cells"),
        ({**GOOD, "kept": {"class 0": 0.4}}, "class 0 loses 60 % of its cells"),
        ({**GOOD, "gained": {"class 1": 0.5}}, "class 1 gains 50 % of its cells"),
    ],
)
def test_int8_that_is_not_known_to_label_as_float_is_warned_of(
    tmp_path: Path,
    agreement: dict[str, Any] | None,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = {} if agreement is None else {"agreement": agreement}
    path = write_network(tmp_path, onnx_bytes(quantised=True), **content)
    with Segmenter.load(path, engine="openvino") as segmenter:
        assert segmenter.precision == "int8"
        assert said in segmenter.trouble
        assert bool(segmenter.trouble) == bool(said)
    assert said in caplog.text


def test_a_float_network_needs_no_agreement(tmp_path: Path) -> None:
    with Segmenter.load(write_network(tmp_path), engine="openvino") as segmenter:
        assert segmenter.trouble == ""


def test_the_shipped_int8_network_is_known_to_label_as_float() -> None:
    with Segmenter.load("camvid", engine="openvino", precision="int8") as segmenter:
        assert segmenter.trouble == ""


def test_a_network_of_align_corners_is_enlarged_so(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 80, 3), np.uint8)
    path = write_network(tmp_path)
    with Segmenter.load(path, engine="openvino", precision="fp32") as segmenter:
        logits, fitted = segmenter.logits(image)
        plain = segmenter(image).labels.copy()
        labels = segmenter.labels
    content = sidecar()
    content["output"]["align_corners"] = True
    path.with_suffix(".yaml").write_text(yaml.safe_dump(content))
    with Segmenter.load(path, engine="openvino", precision="fp32") as segmenter:
        aligned = segmenter(image).labels.copy()
        _, aligned_fit = segmenter.logits(image)
    assert aligned_fit == replace(fitted, align_corners=True)
    np.testing.assert_array_equal(aligned, labels_of(logits, aligned_fit, labels))
    assert (aligned != plain).any()
