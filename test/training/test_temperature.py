"""The temperature: found where there is one, kept in the sidecar, and used for confidences."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from small_network import onnx_bytes, write_network

from segmentation_node.bench.accuracy import evaluate
from segmentation_node.core.reliability import expected_calibration_error
from segmentation_node.datasets import Dataset, Sample
from segmentation_node.errors import DatasetError, ModelError
from segmentation_node.media.images import write_image
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter
from segmentation_node.training.temperature import (
    LabelledLogits,
    fit_temperature,
    labelled_logits,
    write_temperature,
)


def drawn(temperature: float, pixels: int = 40_000) -> LabelledLogits:
    """Pixels whose true class is drawn from the softmax of their logits over a temperature."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 4, (5, pixels)).astype(np.float32)
    weights = np.exp(logits / temperature)
    shares = (weights / weights.sum(axis=0)).cumsum(axis=0)
    channels = (random.uniform(0, 1, pixels) > shares).sum(axis=0).clip(0, 4)
    return LabelledLogits(logits, channels)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 5.0])
def test_the_temperature_that_the_labels_were_drawn_with_is_found(temperature: float) -> None:
    assert drawn(temperature).best_temperature() == pytest.approx(temperature, rel=0.03)


def test_no_other_temperature_is_likelier() -> None:
    pixels = drawn(3.0)
    best = pixels.best_temperature()
    least = pixels.negative_log_likelihood(best)
    for factor in (0.5, 0.95, 1.05, 2):
        assert pixels.negative_log_likelihood(best * factor) > least


def test_the_likelihood_is_that_of_the_softmax() -> None:
    pixels = LabelledLogits(np.array([[math.log(3)], [0.0]], np.float32), np.array([1]))
    assert pixels.negative_log_likelihood(1.0) == pytest.approx(math.log(4), abs=1e-6)
    assert pixels.negative_log_likelihood(1e6) == pytest.approx(math.log(2), abs=1e-4)


def test_large_logits_do_not_overflow() -> None:
    pixels = drawn(1.0, 1000)
    huge = LabelledLogits(pixels.logits * 1e4 + 1e6, pixels.channels)
    assert math.isfinite(huge.negative_log_likelihood(1.0))
    assert math.isfinite(huge.best_temperature())


def test_the_calibration_error_is_that_of_the_winners_softmax() -> None:
    pixels = drawn(4.0, 1000)
    weights = np.exp((pixels.logits - pixels.logits.max(axis=0)) / 2)
    sure = (weights / weights.sum(axis=0)).max(axis=0)
    correct = pixels.logits.argmax(axis=0) == pixels.channels
    expected = expected_calibration_error(sure, correct)
    assert pixels.calibration_error(2.0) == pytest.approx(expected, abs=1e-6)


def test_the_fitted_temperature_makes_confidences_frequencies() -> None:
    pixels = drawn(4.0)
    error = pixels.calibration_error
    assert error(1.0) > 0.2
    assert error(pixels.best_temperature()) < 0.02


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_network(tmp_path, onnx_bytes(4), fit="letterbox")


@pytest.fixture
def data(tmp_path: Path, model: Path) -> Dataset:
    """Pictures labelled with what the network says of them, a quarter of it made wrong."""
    samples = []
    with Segmenter.load(model, precision="fp32") as segmenter:
        for seed in range(3):
            image, labels = picture(seed), tmp_path / f"labels{seed}.png"
            write_image(tmp_path / f"{seed}.png", image)
            write_image(labels, spoilt(segmenter(image).labels, seed))
            samples.append(Sample(str(seed), tmp_path / f"{seed}.png", labels, "all"))
    return Dataset("small", tuple(samples), load_model(model).labels)


def picture(seed: int) -> NDArray[np.uint8]:
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return blocks.repeat(12, 0).repeat(12, 1)


def spoilt(labels: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    ids = np.array([1, 4, 7, 10], np.uint8)
    wrong = random.uniform(0, 1, labels.shape) < 0.25
    return np.where(wrong, random.choice(ids, labels.shape), labels).astype(np.uint8)


def test_fitting_on_a_data_set_makes_it_likelier_and_its_confidences_truer(
    data: Dataset, model: Path
) -> None:
    told: list[tuple[int, int]] = []
    with Segmenter.load(model, precision="fp32") as segmenter:
        fitted = fit_temperature(segmenter, data, progress=lambda *one: told.append(one))
        before = evaluate(segmenter, data)["ece"]
    assert fitted.nll_after < fitted.nll_before
    assert (fitted.images, told) == (3, [(1, 3), (2, 3), (3, 3)])
    assert fitted.pixels == 3 * 24 * 32
    write_temperature(model, fitted.temperature)
    assert load_model(model).temperature == round(fitted.temperature, 3)
    with Segmenter.load(model, precision="fp32") as segmenter:
        after = evaluate(segmenter, data)["ece"]
    assert after < before
    # Over a ninth of the pixels, and before the confidence is rounded to a byte.
    assert fitted.ece_before == pytest.approx(before, abs=0.03)
    assert fitted.ece_after == pytest.approx(after, abs=0.03)


def test_only_some_images_are_read_where_that_is_asked_for(data: Dataset, model: Path) -> None:
    with Segmenter.load(model, precision="fp32") as segmenter:
        assert fit_temperature(segmenter, data, images=2).images == 2


def test_pixels_without_a_class_do_not_count(data: Dataset, model: Path) -> None:
    for sample in data.samples:
        write_image(sample.labels, np.full((72, 96), 255, np.uint8))
    labels = yaml.safe_load(model.with_suffix(".yaml").read_text())["labels"]
    labels["classes"].append({"id": 255, "name": "none", "color": [0, 0, 0], "ignored": True})
    unknown = Dataset("unknown", data.samples, type(data.labels).from_mapping(labels))
    with (
        Segmenter.load(model, precision="fp32") as segmenter,
        pytest.raises(DatasetError, match="no pixel with a class in unknown"),
    ):
        labelled_logits(segmenter, unknown)


def test_a_class_that_the_network_only_ignores_is_refused(data: Dataset, model: Path) -> None:
    content = yaml.safe_load(model.with_suffix(".yaml").read_text())
    classes, void = content["labels"]["classes"], {"id": 255, "name": "void", "color": [0, 0, 0]}
    theirs = type(data.labels).from_mapping({"name": "theirs", "classes": [*classes, void]})
    classes.append({**void, "ignored": True})
    model.with_suffix(".yaml").write_text(yaml.safe_dump(content))
    with (
        Segmenter.load(model, precision="fp32") as segmenter,
        pytest.raises(DatasetError, match="theirs, which scores the class 'void'"),
    ):
        labelled_logits(segmenter, Dataset("theirs", data.samples, theirs))


def test_a_sidecar_keeps_all_else_that_it_says(model: Path) -> None:
    sidecar = model.with_suffix(".yaml")
    before = yaml.safe_load(sidecar.read_text())
    write_temperature(model, 1.73456)
    after = yaml.safe_load(sidecar.read_text())
    assert after["output"].pop("temperature") == 1.735
    assert after == before


def test_what_is_no_sidecar_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("output: 3\n")
    with pytest.raises(ModelError, match=r"some\.yaml without the mapping output"):
        write_temperature(tmp_path / "some.onnx", 2.0)
    assert path.read_text() == "output: 3\n"
