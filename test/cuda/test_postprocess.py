from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from host_kernels import HostDriver, Output
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, Rectangle, fit
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35, Label, LabelSet
from segmentation_node.core.postprocess import colorize, confidence, labels_of, overlay, upsample
from segmentation_node.core.window import at_network_size
from segmentation_node.cuda.camera_image import LAYOUTS, CameraImage
from segmentation_node.cuda.postprocess import Postprocess, Results
from segmentation_node.errors import ConfigError, FrameError, ModelError

THREE = LabelSet("three", tuple(Label(i * 10 + 5, str(i), (i, i, i)) for i in range(3)))
DTYPES = {"fp32": np.float32, "fp16": np.float16}
ALPHA = 0.3
SMALL = fit("stretch", 20, 24, NetworkSize(32, 32))


def noise(channels: int, height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(channels, height, width)).astype(np.float32)


class Run:
    """One launch, with every output, and memory that stays alive around it."""

    def __init__(
        self,
        driver: HostDriver,
        logits: NDArray[Any],
        fitted: Fit,
        labels: LabelSet = THREE,
        frame: Frame | None = None,
        temperature: float = 1.0,
        shift: int = 0,
    ) -> None:
        size = fitted.image_height, fitted.image_width
        shapes = {"labels": size, "color": (*size, 3), "confidence": size}
        if frame is not None:
            shapes["overlay"] = (*size, 3)
        outputs = {name: Output(shape, np.uint8, shift) for name, shape in shapes.items()}
        precision = "fp16" if logits.dtype == np.float16 else "fp32"
        image = None if frame is None else CameraImage.of(frame)
        palette = labels.palette()
        launcher = Postprocess(
            driver, fitted, logits.shape, labels, palette, precision, temperature, image
        )
        results = Results(**{name: output.address for name, output in outputs.items()})
        address = 0 if frame is None else frame.array.ctypes.data
        launcher(logits.ctypes.data, results, None, address, ALPHA)
        self.images = {name: output.array for name, output in outputs.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.images[name]


FITS = {
    "mode": st.sampled_from(list(FitMode)),
    "size": st.tuples(st.integers(1, 70), st.integers(1, 70)),
    "coarse": st.tuples(st.integers(1, 9), st.integers(1, 9)),
    "stride": st.sampled_from([1, 4, 7, 8, 32]),
    "precision": st.sampled_from(["fp32", "fp16"]),
    "shift": st.integers(0, 3),
}


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(**FITS)
def test_labels_and_colours_are_the_definitions_at_any_size_stride_and_address(
    library: ctypes.CDLL,
    mode: FitMode,
    size: tuple[int, int],
    coarse: tuple[int, int],
    stride: int,
    precision: str,
    shift: int,
) -> None:
    fitted = fit(mode, *size, NetworkSize(coarse[0] * stride, coarse[1] * stride))
    logits = noise(3, *coarse, sum(size)).astype(DTYPES[precision])
    done = Run(HostDriver(library), logits, fitted, shift=shift)
    expected = labels_of(logits.astype(np.float32), fitted, THREE)
    assert (done["labels"] == expected).all()
    assert (done["color"] == colorize(expected, THREE.palette())).all()


def best_two(logits: NDArray[np.float32], fitted: Fit) -> NDArray[np.float32]:
    """(H, W) float32: how far the second best logit of each pixel lies below the best."""
    ordered = np.sort(upsample(logits, fitted), axis=0)
    gaps: NDArray[np.float32] = ordered[-1] - ordered[-2]
    return gaps


@pytest.mark.parametrize("labels", [CAMVID_11, CITYSCAPES_35], ids=lambda labels: labels.name)
def test_fewer_than_one_label_in_ten_thousand_differs_and_only_at_a_tie(
    library: ctypes.CDLL, labels: LabelSet
) -> None:
    fitted = fit("letterbox", 361, 641, NetworkSize(256, 512))
    logits = noise(labels.num_classes, 32, 64)
    made = Run(HostDriver(library), logits, fitted, labels)["labels"]
    differs = made != labels_of(logits, fitted, labels)
    widest = float(best_two(logits, fitted)[differs].max(initial=0))
    print(f"{differs.sum()} of {differs.size} labels differ, the best two by up to {widest:.1e}")
    assert differs.sum() * 10_000 < differs.size
    assert widest < 1e-3


@pytest.mark.parametrize("encoding", list(LAYOUTS))
def test_overlays_blend_every_encoding_as_the_definition_does(
    library: ctypes.CDLL, encoding: str
) -> None:
    row, height, width = ENCODINGS[encoding], 38, 54
    step = row.row_bytes(width) + 7
    data = np.random.default_rng(3).integers(0, 256, row.rows(height) * step, np.uint8)
    frame = Frame.from_buffer(data, height=height, width=width, encoding=encoding, step=step)
    fitted = fit("crop", height, width, NetworkSize(32, 32))
    done = Run(HostDriver(library), noise(3, 4, 4), fitted, frame=frame)
    expected = overlay(to_bgr(frame), colorize(done["labels"], THREE.palette()), ALPHA)
    assert (done["overlay"] == expected).all()


@pytest.mark.parametrize("mode", list(FitMode))
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_confidence_is_within_one_level_of_the_definition(
    library: ctypes.CDLL, mode: FitMode, temperature: float
) -> None:
    fitted, logits = fit(mode, 61, 83, NetworkSize(64, 64)), 3 * noise(11, 8, 8)
    done = Run(HostDriver(library), logits, fitted, CAMVID_11, temperature=temperature)
    expected = confidence(logits, fitted, temperature)
    assert np.abs(done["confidence"].astype(int) - expected).max() <= 1
    assert (done["confidence"] != expected).mean() < 0.01


@pytest.mark.parametrize("mode", list(FitMode))
def test_results_at_the_networks_size_and_of_a_region_are_the_definitions(
    library: ctypes.CDLL, mode: FitMode
) -> None:
    logits = noise(3, 5, 7)
    whole = fit(mode, 50, 70, NetworkSize(40, 56), Rectangle(7, 11, 40, 21))
    for fitted in (whole, at_network_size(whole)):
        made = Run(HostDriver(library), logits, fitted)["labels"]
        assert (made == labels_of(logits, fitted, THREE)).all()


def test_the_first_of_equal_maxima_wins(library: ctypes.CDLL) -> None:
    logits = np.zeros((11, 2, 3), np.float32)
    logits[[4, 7]] = 1
    done = Run(HostDriver(library), logits, fit("stretch", 5, 7, NetworkSize(16, 24)), CAMVID_11)
    assert (done["labels"] == CAMVID_11.id_of_channel[4]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers_are_decided_as_numpy_does(
    library: ctypes.CDLL, bad: float
) -> None:
    logits = noise(3, 6, 6)
    logits[1, 2, 3] = logits[2, 4, 4] = logits[0, 0, 0] = bad
    fitted = fit("stretch", 40, 40, NetworkSize(48, 48))
    with np.errstate(invalid="ignore"):
        expected = labels_of(logits, fitted, THREE)
    assert (Run(HostDriver(library), logits, fitted)["labels"] == expected).all()


@pytest.mark.parametrize("grid", [(1, 1), (1, 3), (2, 1), (9, 9)])
def test_any_grid_covers_the_whole_image(library: ctypes.CDLL, grid: tuple[int, int]) -> None:
    fitted, logits = fit("letterbox", 33, 290, NetworkSize(64, 64)), noise(3, 8, 8)
    done = Run(HostDriver(library, grid), logits, fitted)
    assert (done["labels"] == labels_of(logits, fitted, THREE)).all()


def test_labels_alone_are_written_where_nothing_else_is_wanted(library: ctypes.CDLL) -> None:
    logits, out = noise(3, 4, 4), Output((20, 24), np.uint8)
    launcher = Postprocess(HostDriver(library), SMALL, logits.shape, THREE, THREE.palette(), "fp32")
    launcher(logits.ctypes.data, Results(out.address), None)
    assert (out.array == labels_of(logits, SMALL, THREE)).all()


def test_tables_are_freed_once(library: ctypes.CDLL) -> None:
    driver = HostDriver(library)
    launcher = Postprocess(driver, SMALL, (3, 4, 4), THREE, THREE.palette(), "fp32")
    launcher.free()
    launcher.free()
    assert [memory.is_freed for memory in driver.memories] == [True] * 4


def test_an_overlay_without_an_image_is_refused(library: ctypes.CDLL) -> None:
    launcher = Postprocess(HostDriver(library), SMALL, (3, 4, 4), THREE, THREE.palette(), "fp32")
    with pytest.raises(ConfigError, match="overlay that is wanted without a camera image"):
        launcher(1, Results(labels=1, overlay=1), None, image=1)


def test_an_image_of_another_size_than_the_results_is_refused(library: ctypes.CDLL) -> None:
    image = CameraImage("bgr8", 20, 25, 75)
    with pytest.raises(FrameError, match="20x25 pixels; expected 20x24"):
        Postprocess(
            HostDriver(library), SMALL, (3, 4, 4), THREE, THREE.palette(), "fp32", image=image
        )


def test_logits_of_another_label_set_are_refused(library: ctypes.CDLL) -> None:
    with pytest.raises(ModelError, match=r"logits of shape \(4, 4, 4\); expected \(3, h, w\)"):
        Postprocess(HostDriver(library), SMALL, (4, 4, 4), THREE, THREE.palette(), "fp32")
