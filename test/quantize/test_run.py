from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import FitMode, NetworkSize
from segmentation_node.engines.cache import model_sha256
from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.media.images import read_image, write_image
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter
from segmentation_node.quantize.calibrate import Method
from segmentation_node.quantize.images import ImageSet
from segmentation_node.quantize.request import Request
from segmentation_node.quantize.run import check_agreement, check_file, quantize


@pytest.fixture
def run(model_path, photos, tmp_path):
    """Quantise the little network; give the figures and what was said."""

    def quantise(progress=lambda *step: None, **options):
        # Random weights: their classes lie so close together that some change in any precision.
        content = {"images": (photos,), "method": Method("minmax"), "force": True, **options}
        said = []
        request = Request(model_path, tmp_path / "out" / "q.onnx", **content)
        figures = quantize(request, progress, said.append)
        return figures, [one for one in said if "forced" not in one]

    return quantise


def test_int8_is_written_with_its_sidecar_and_breaks_no_rule(run, tmp_path):
    figures, _ = run()
    out = tmp_path / "out" / "q.onnx"
    assert check_file(out) == {
        "violations": [],
        "layers": {"int8": 6, "int8_weights": 0, "half": 0, "float32": 1},
    }
    assert figures["name"] == load_model(out).name == "small-int8"
    assert figures["float_layers"] == ["scores"]
    assert figures["label_agreement"] > 0.95
    assert figures["compared_images"] == 8


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [("LEAST_AGREEMENT", 1.1, "% of the cells"), ("MOST_CHANGED", -0.1, "class 0 loses")],
)
def test_int8_that_does_not_label_as_the_float_network_is_refused(
    run, tmp_path, monkeypatch, limit, value, said
):
    monkeypatch.setattr("segmentation_node.model.calibration." + limit, value)
    with pytest.raises(ModelError, match=said) as refused:
        run(force=False)
    assert "--sensitive" in refused.value.fix
    assert "--force" in refused.value.fix
    assert not (tmp_path / "out" / "q.onnx").exists()
    figures, _ = run()
    assert any("forced" in one for one in figures["warnings"])


def test_int8_that_agrees_is_written_without_a_word(run, monkeypatch):
    monkeypatch.setattr("segmentation_node.model.calibration.LEAST_AGREEMENT", 0.9)
    monkeypatch.setattr("segmentation_node.model.calibration.MOST_CHANGED", 1.0)
    figures, _ = run(force=False)
    assert figures["warnings"] == []


def test_the_sidecar_tells_how_it_was_calibrated(run, tmp_path, photos):
    run(limit=5)
    calibration = load_model(tmp_path / "out" / "q.onnx").calibration
    assert (calibration.method, calibration.size) == ("minmax", NetworkSize(64, 96))
    assert calibration.fit is FitMode.STRETCH
    assert calibration.images.names == tuple(p.name for p in ImageSet.read([photos], 5).paths)
    assert calibration.images.sha256 == ImageSet.read([photos], 5).sha256()
    assert sum(calibration.images.conditions.values()) == 5
    assert calibration.float_layers == ("scores",)
    onnx_scale = {t.name: t for t in onnx.load(tmp_path / "out" / "q.onnx").graph.initializer}
    scale = onnx.numpy_helper.to_array(onnx_scale["pool.out_scale"])
    assert scale * 127 == pytest.approx(calibration.ranges["pool.out"])


@pytest.mark.parametrize(
    ("options", "layers"),
    [
        ({"precision": "fp16"}, {"half": 7}),
        ({"precision": "int8-weights"}, {"int8_weights": 7}),
        (
            {"precision": "int8-weights", "rest": "fp16", "exclude": ("up",)},
            {"int8_weights": 6, "half": 1},
        ),
        ({"rest": "fp16"}, {"int8": 6, "half": 1}),
        ({"exclude": ("up", "stem")}, {"int8": 4, "float32": 3}),
        ({"quantize_last": True}, {"int8": 7}),
        ({"sensitive": 2}, {"int8": 4, "float32": 3}),
        ({"method": Method("entropy")}, {"int8": 6, "float32": 1}),
    ],
)
def test_every_precision_runs_in_openvino_and_labels_as_the_float_network(
    run, tmp_path, model_path, photos, options, layers
):
    figures, _ = run(**options)
    assert {key: count for key, count in figures["layers"].items() if count} == layers
    image = read_image(ImageSet.read([photos]).paths[0])
    with Segmenter.load(model_path, precision="fp32") as truth:
        expected = truth(image).labels.copy()
    with Segmenter.load(tmp_path / "out" / "q.onnx") as segmenter:
        assert (segmenter(image).labels == expected).mean() > 0.9


def test_without_images_there_is_nothing_to_compare_on(run):
    figures, _ = run(precision="fp16", images=())
    assert "label_agreement" not in figures


def test_the_most_sensitive_layers_stay_in_float_and_are_reported(run):
    figures, _ = run(sensitive=2)
    ranking = [one["layer"] for one in figures["sensitivity"]]
    assert len(ranking) == 6
    assert set(figures["float_layers"]) == {*ranking[:2], "scores"}


def test_coverage_is_said_before_calibrating_and_gaps_are_warned_of(run, tmp_path, photos):
    dark = tmp_path / "dark"
    dark.mkdir()
    write_image(dark / "night_1.png", np.full((48, 72, 3), 20, np.uint8))
    figures, said = run(reference=(dark,))
    assert said[0].startswith("calibration set: 8 images of 2 sequences: 6 day, 2 dusk, 0 night")
    assert said[1].startswith("reference set: 1 images")
    assert said[2].startswith("warning: no night in the calibration set: 0 of its 8 images")
    told = [one for one in figures["warnings"] if not one.startswith("forced")]
    assert told == [said[2].removeprefix("warning: ")]
    assert figures["reference"]["conditions"]["night"] == 1


def test_a_second_run_does_not_calibrate_again(run):
    steps = []
    first, _ = run(lambda *step: steps.append(step[0]))
    assert "calibration" in steps
    steps.clear()
    second, said = run(lambda *step: steps.append(step[0]))
    assert "calibration" not in steps
    assert first == second
    assert [line for line in said if "again" in line] == []
    steps.clear()
    run(lambda *step: steps.append(step[0]), method=Method("percentile"))
    assert "calibration" not in steps  # the ranges of all methods were kept
    _, said = run(method=Method("percentile", bins=4096))
    assert "was made with other method: calibrated again" in said[-1]


def test_new_weights_beside_the_network_are_another_network(run, model_path, tmp_path):
    weights = model_path.with_suffix(".data")
    external = {"save_as_external_data": True, "location": weights.name, "size_threshold": 0}
    onnx.save(onnx.load(model_path), model_path, **external)
    run()
    before = model_path.read_bytes()
    (np.fromfile(weights, np.float32) / 2).tofile(weights)
    _, said = run()
    assert "was made with other network: calibrated again" in said[-1]
    assert model_path.read_bytes() == before
    found = load_model(tmp_path / "out" / "q.onnx")
    assert found.source_sha256 == found.calibration.network_sha256 == model_sha256(model_path)


def test_a_damaged_cache_is_warned_of_and_made_again(run, tmp_path):
    run()
    cache = tmp_path / "out" / "q.calibration.json"
    whole = cache.read_text()
    cache.write_text(whole[:100])
    figures, said = run()
    assert "is damaged" in said[-1]
    told = [one for one in figures["warnings"] if not one.startswith("forced")]
    assert told == [said[-1].removeprefix("warning: ")]
    assert cache.read_text() == whole


def test_labels_from_a_file_beside_the_source_go_into_the_new_sidecar(run, model_path, tmp_path):
    before = load_model(model_path).labels
    run(precision="fp16")
    assert load_model(tmp_path / "out" / "q.onnx").labels == before


def test_the_float_network_is_not_overwritten(model_path):
    with pytest.raises(ConfigError, match="as both model and output"):
        quantize(Request(model_path, model_path, "fp16"), lambda *step: None, print)


def test_a_size_that_the_network_cannot_take_is_refused(run):
    with pytest.raises(ModelError, match="multiples of 32"):
        run(size=NetworkSize(60, 96))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "int8 without images; expected a folder"),
        ({"precision": "int4"}, "'int4'; expected one of int8, int8-weights, fp16"),
        ({"precision": "fp16", "sensitive": 1}, "sensitive or last layers for fp16"),
        ({"precision": "fp16", "exclude": ("a",)}, "layers to leave out of fp16"),
        ({"precision": "fp16", "rest": "fp16"}, "a rest in fp16 beside fp16"),
        ({"precision": "fp16", "reference": (Path("use"),)}, "reference images for fp16"),
        (
            {"precision": "int8-weights", "reference": (Path("use"),)},
            "reference images for int8-weights",
        ),
        ({"precision": "fp16", "rest": "bf16"}, "'bf16'; expected fp32 or fp16"),
        ({"precision": "fp16", "limit": 0}, "'0'; expected 1 image or more"),
        ({"precision": "fp16", "sensitive": -1}, "'-1'; expected 0 or more"),
    ],
)
def test_requests_that_make_no_sense_are_refused(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        Request("camvid", tmp_path / "q.onnx", **options)


def test_an_output_that_is_no_onnx_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"a path that ends in .onnx"):
        Request("camvid", tmp_path / "q.engine", "fp16")


def test_frames_of_any_size_go_through_the_quantised_network(run, tmp_path):
    run()
    with Segmenter.load(tmp_path / "out" / "q.onnx", network_size="32x64") as segmenter:
        frame = Frame.from_array(np.full((33, 57, 3), 99, np.uint8))
        assert segmenter(frame).labels.shape == (33, 57)


def test_auto_takes_the_method_that_agrees_with_float_most(run, tmp_path, monkeypatch):
    """Where a rare far cluster is what one class consists of, entropy cuts it off."""
    figures, _ = run(method=Method())
    methods = figures["methods"]
    assert set(methods) == {"percentile", "minmax", "entropy"}
    best = max(one["mean_iou"] for one in methods.values())
    assert methods[figures["method"]]["mean_iou"] == best
    assert load_model(tmp_path / "out" / "q.onnx").calibration.method == figures["method"]
    alone, _ = run(method=Method(figures["method"]))
    assert alone["label_agreement"] == figures["label_agreement"]


def test_what_was_found_stands_in_the_sidecar(run, tmp_path):
    figures, _ = run()
    agreement = load_model(tmp_path / "out" / "q.onnx").agreement
    assert agreement.images == figures["compared_images"] == 8
    assert agreement.same_class == pytest.approx(figures["label_agreement"], abs=1e-4)
    assert set(agreement.kept) == set(agreement.gained)


def test_a_class_too_rare_to_judge_is_named(run, monkeypatch):
    monkeypatch.setattr("segmentation_node.quantize.sensitivity.FEWEST_CELLS", 10**6)
    figures, _ = run()
    assert any("too few cells in 8 images to judge class 0" in one for one in figures["warnings"])


def test_a_file_that_is_there_is_judged_and_noted(run, tmp_path, model_path, photos):
    run(images=(photos,))
    out = tmp_path / "out" / "q.onnx"
    sidecar = out.with_suffix(".yaml")
    whole = sidecar.read_text()
    sidecar.write_text(whole[: whole.index("agreement:")])
    assert load_model(out).agreement is None
    found = check_agreement(out, Request(model_path, out, images=(photos,)))
    assert load_model(out).agreement.to_mapping() == found.to_mapping()
    assert sidecar.read_text() == whole


def test_a_file_of_another_network_is_not_judged(run, tmp_path, model_path, photos):
    run()
    other = tmp_path / "other.onnx"
    network = onnx.load(model_path)
    network.doc_string = "another"
    onnx.save(network, other)
    other.with_suffix(".yaml").write_text(model_path.with_suffix(".yaml").read_text())
    out = tmp_path / "out" / "q.onnx"
    with pytest.raises(ModelError, match="made from another network"):
        check_agreement(out, Request(other, out, images=(photos,)))
