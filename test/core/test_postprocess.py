from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core import postprocess
from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, fit
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35, Label, LabelSet
from segmentation_node.core.postprocess import (
    axis_samples,
    colorize,
    confidence,
    inside,
    labels_of,
    overlay,
    upsample,
)
from segmentation_node.errors import FrameError, ModelError

THREE = LabelSet("three", tuple(Label(i * 10 + 5, str(i), (i, i, i)) for i in range(3)))


def noise(channels: int, height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(channels, height, width)).astype(np.float32)


def on_image(canvas: NDArray[np.float32], fitted: Fit) -> NDArray[np.float32]:
    """Put the canvas into an image of zeros, by the definition of a fit."""
    image = np.zeros((*canvas.shape[:-2], fitted.image_height, fitted.image_width), canvas.dtype)
    image[(..., *fitted.image_part)] = canvas[(..., *fitted.canvas_part)]
    return image


FITS = {
    "mode": st.sampled_from(list(FitMode)),
    "height": st.integers(1, 70),
    "width": st.integers(1, 70),
    "coarse": st.tuples(st.integers(1, 9), st.integers(1, 9)),
    "stride": st.sampled_from([1, 4, 8, 32]),
    "seed": st.integers(0, 99),
}


def fitted_for(mode: FitMode, height: int, width: int, coarse: tuple[int, int], stride: int) -> Fit:
    return fit(mode, height, width, NetworkSize(coarse[0] * stride, coarse[1] * stride))


@settings(deadline=None)
@given(**FITS)
def test_upsampling_is_opencvs_bilinear_at_any_size_and_stride(
    mode: FitMode, height: int, width: int, coarse: tuple[int, int], stride: int, seed: int
) -> None:
    fitted, logits = fitted_for(mode, height, width, coarse, stride), noise(3, *coarse, seed)
    size = (fitted.canvas_width, fitted.canvas_height)
    canvas = np.stack([cv2.resize(c, size, interpolation=cv2.INTER_LINEAR) for c in logits])
    assert np.abs(upsample(logits, fitted) - on_image(canvas, fitted)).max() < 2e-5


@settings(deadline=None, max_examples=30)
@given(**FITS)
def test_upsampling_is_torchs_interpolate_without_aligned_corners(
    mode: FitMode, height: int, width: int, coarse: tuple[int, int], stride: int, seed: int
) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    fitted, logits = fitted_for(mode, height, width, coarse, stride), noise(3, *coarse, seed)
    canvas = torch.nn.functional.interpolate(
        torch.from_numpy(logits.astype(np.float64))[None],
        size=(fitted.canvas_height, fitted.canvas_width),
        mode="bilinear",
        align_corners=False,
    )[0].numpy()
    assert np.abs(upsample(logits, fitted) - on_image(canvas, fitted)).max() < 1e-5


def test_samples_are_half_pixel_centres_clamped_at_the_edges() -> None:
    samples = axis_samples(outputs=8, inputs=2)
    assert samples.low.tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    assert samples.high.tolist() == [1, 1, 1, 1, 1, 1, 1, 1]
    assert samples.weight.tolist() == [0, 0, 0.125, 0.375, 0.625, 0.875, 0, 0]


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_part_of_the_samples_is_that_part_of_all(
    outputs: int, inputs: int, start: int, stop: int
) -> None:
    part, every = axis_samples(outputs, inputs, slice(start, stop)), axis_samples(outputs, inputs)
    assert (part.low == every.low[start:stop]).all()
    assert (part.weight == every.weight[start:stop]).all()


@settings(deadline=None)
@given(**FITS)
def test_labels_are_the_winners_of_the_interpolated_logits(
    mode: FitMode, height: int, width: int, coarse: tuple[int, int], stride: int, seed: int
) -> None:
    fitted, logits = fitted_for(mode, height, width, coarse, stride), noise(3, *coarse, seed)
    winners = THREE.id_of_channel[upsample(logits, fitted).argmax(axis=0)]
    expected = np.where(inside(fitted), winners, THREE.ignore_id)
    assert (labels_of(logits, fitted, THREE) == expected).all()


@pytest.mark.parametrize("mode", list(FitMode))
def test_memory_is_bounded_without_changing_the_result(
    mode: FitMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted, logits = fit(mode, 61, 83, NetworkSize(64, 64)), noise(3, 8, 8)
    whole = labels_of(logits, fitted, THREE), confidence(logits, fitted)
    monkeypatch.setattr(postprocess, "_CHUNK_VALUES", 3 * 83 * 4)
    assert (labels_of(logits, fitted, THREE) == whole[0]).all()
    assert (confidence(logits, fitted) == whole[1]).all()


def test_the_first_of_equal_maxima_wins() -> None:
    logits = np.zeros((11, 2, 3), np.float32)
    logits[[4, 7]] = 1
    assert (labels_of(logits, fit("stretch", 5, 7, NetworkSize(16, 24)), CAMVID_11) == 4).all()


def test_channels_become_label_ids() -> None:
    logits = np.zeros((19, 1, 1), np.float32)
    logits[13] = 1
    labels = labels_of(logits, fit("stretch", 2, 2, NetworkSize(8, 8)), CITYSCAPES_35)
    assert (labels == CITYSCAPES_35.by_name("car").id).all()


def test_pixels_outside_a_crop_have_no_class_and_no_confidence() -> None:
    fitted = fit("crop", 20, 60, NetworkSize(32, 32))
    labels = labels_of(noise(11, 4, 4), fitted, CAMVID_11)
    certain = confidence(noise(11, 4, 4), fitted)
    outside = ~inside(fitted)
    assert outside.sum() == 20 * 40
    assert (labels[outside] == CAMVID_11.ignore_id).all()
    assert (labels[~outside] < 11).all()
    assert not certain[outside].any()
    assert certain[~outside].all()


@pytest.mark.parametrize("shape", [(10, 4, 4), (12, 4, 4), (1, 11, 4, 4), (11, 4)])
def test_logits_that_do_not_fit_the_label_set_are_refused(shape: tuple[int, ...]) -> None:
    fitted = fit("stretch", 8, 8, NetworkSize(32, 32))
    with pytest.raises(ModelError, match="camvid11"):
        labels_of(np.zeros(shape, np.float32), fitted, CAMVID_11)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_confidence_is_the_softmax_of_the_winner(temperature: float) -> None:
    fitted, logits = fit("letterbox", 31, 17, NetworkSize(32, 32)), noise(5, 4, 4) * 3
    scores = np.exp(upsample(logits, fitted).astype(np.float64) / temperature)
    expected = 255 * (scores / scores.sum(axis=0)).max(axis=0)
    assert np.abs(confidence(logits, fitted, temperature) - expected).max() <= 0.501


def test_confidence_of_large_logits_does_not_overflow() -> None:
    logits = np.full((3, 2, 2), -1e4, np.float32)
    logits[1] = 1e4
    assert (confidence(logits, fit("stretch", 4, 4, NetworkSize(16, 16))) == 255).all()


@settings(deadline=None)
@given(
    st.sampled_from([2, 4, 8]),
    st.integers(2, 9),
    st.integers(2, 9),
    st.sampled_from(list(FitMode)),
    st.integers(0, 99),
)
def test_a_label_image_made_of_whole_cells_survives_the_way_down_and_back(
    stride: int, rows: int, columns: int, mode: FitMode, seed: int
) -> None:
    """One-hot logits at cell centres: each cell's own centre must get its label back."""
    coarse = np.random.default_rng(seed).integers(0, 11, (rows, columns))
    logits = np.eye(11, dtype=np.float32)[coarse].transpose(2, 0, 1)
    network = NetworkSize(rows * stride, columns * stride)
    fitted = fit(mode, network.height, network.width, network)
    labels = labels_of(logits, fitted, CAMVID_11)
    centre = slice(stride // 2, None, stride)
    assert (labels[centre, centre] == coarse).all()
    # Cells that agree with all eight neighbours are filled to their edges.
    for row in range(1, rows - 1):
        for column in range(1, columns - 1):
            if len(np.unique(coarse[row - 1 : row + 2, column - 1 : column + 2])) == 1:
                cell = (slice(row * stride, None), slice(column * stride, None))
                assert (labels[cell][:stride, :stride] == coarse[row, column]).all()


@pytest.mark.parametrize("mode", list(FitMode))
def test_the_way_in_and_the_way_back_agree_where_things_lie(mode: FitMode) -> None:
    """An edge in the image comes back at its place, to half of one network pixel."""
    height, width = 120, 200
    image = np.zeros((height, width, 3), np.uint8)
    image[:, 90:] = 255
    fitted = fit(mode, height, width, NetworkSize(64, 128))
    from segmentation_node.core.preprocess import resize_to_network  # noqa: PLC0415

    white = resize_to_network(image, fitted, (0, 0, 0))[:, :, 0].astype(np.float32)
    labels = labels_of(np.stack([255 - white, white]), fitted, TWO)
    rows, columns = fitted.image_part
    seen = labels[rows, columns]
    edges = columns.start + (seen == 0).sum(axis=1)
    inner = edges[3:-3]
    assert np.abs(inner - 90).max() <= 0.5 * fitted.canvas_width / 128 + 1


TWO = LabelSet("two", (Label(0, "black", (0, 0, 0)), Label(1, "white", (255, 255, 255))))


def test_colours_are_the_palettes() -> None:
    labels = np.array([[0, 10, 11], [200, 3, 255]], np.uint8)
    colors = colorize(labels, CAMVID_11.palette())
    assert colors.shape == (2, 3, 3)
    assert (colors == CAMVID_11.palette()[labels]).all()
    out = np.empty((2, 3, 3), np.uint8)
    assert colorize(labels, CAMVID_11.palette(), out) is out
    assert (out == colors).all()


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 1.0])
def test_overlay_blends_image_and_colours_into_rgb(alpha: float) -> None:
    rng = np.random.default_rng(3)
    bgr, color = (rng.integers(0, 256, (9, 7, 3), np.uint8) for _ in range(2))
    blended = overlay(bgr, color, alpha)
    exact = (1 - alpha) * bgr[:, :, ::-1].astype(float) + alpha * color
    assert blended.dtype == np.uint8
    assert np.abs(blended - exact).max() <= 0.5
    opencv = cv2.addWeighted(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), 1 - alpha, color, alpha, 0)
    assert np.abs(blended.astype(int) - opencv).max() <= 1


def test_colours_of_another_image_are_refused() -> None:
    with pytest.raises(FrameError, match="same shape"):
        overlay(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8), 0.5)


@pytest.mark.parametrize(("cells", "stride"), [((6, 9), 8), ((16, 12), 4), ((3, 2), 32)])
def test_with_corners_on_corners_logits_are_enlarged_as_torch_does(
    cells: tuple[int, int], stride: int
) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    logits = np.random.default_rng(0).normal(size=(3, *cells)).astype(np.float32)
    size = (stride * cells[0], stride * cells[1])
    fitted = fit(FitMode.STRETCH, *size, NetworkSize(*size))
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(logits)[None], size=size, mode="bilinear", align_corners=True
    )[0].numpy()
    found = upsample(logits, replace(fitted, align_corners=True))
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert np.abs(upsample(logits, fitted) - wanted).max() > 0.1
