from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from segmentation_node.errors import ConfigError, OutputError
from segmentation_node.media.images import read_image

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from segmentation_node.bench.precision.run import compare, seen_twice
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.datasets import camvid
from segmentation_node.pipeline import Segmenter


def rows(compared):
    return {row["name"]: row for row in compared.figures["rows"]}


def test_every_precision_has_a_row_with_size_scores_agreement_and_latency(compared):
    found = rows(compared)
    names = {"fp32", "fp16", "int8-weights", "int8/entropy", "int8/percentile", "int8/minmax"}
    assert set(found) - {"bf16"} == names
    for row in found.values():
        assert row["frames"] == 15
        assert 0 <= row["miou"] <= 1
        assert 0.5 < row["agreement"] <= 1
        assert set(row["by_condition"]) == {"0001TP", "0006R0", "0016E5"}
        assert set(row["by_size"]["mean"]) == {"tiny", "small", "medium", "large"}
        assert 0 < row["latency"]["segment_ms"]["p50"] <= row["latency"]["segment_ms"]["p95"]
    assert found["fp16"]["bytes"][0] < found["fp32"]["bytes"][0]


def test_the_reference_agrees_with_itself_and_loses_nothing(compared):
    reference = rows(compared)["fp32"]
    assert reference["precision"] == "fp32"
    assert reference["agreement"] == 1
    assert reference["drop"] == {
        "verdict": "within noise",
        "points": 0.0,
        "low": 0.0,
        "high": 0.0,
        "blocks": 15,
    }
    assert reference["latency"]["ratio"]["segment"] == {"p50": 1.0, "p95": 1.0}


def test_scores_are_those_of_the_networks_run_on_their_own(compared, drives):
    from segmentation_node.bench.accuracy import evaluate  # noqa: PLC0415

    data = compared.wanted.data
    for group, model in (("0001TP", drives.undusked), ("0016E5", drives.all)):
        with Segmenter.load(model, precision="fp32") as segmenter:
            alone = evaluate(segmenter, data.of_groups([group]))
        assert rows(compared)["fp32"]["by_condition"][group]["miou"] == alone["miou"]


def test_each_condition_says_which_weights_it_was_scored_with(compared):
    own, rest = compared.figures["weights"]
    assert (own["groups"], own["never_saw_them"]) == (["0001TP"], True)
    assert (rest["groups"], rest["never_saw_them"]) == (["0006R0", "0016E5"], False)
    assert own["model_sha256"] != rest["model_sha256"]
    networks = rows(compared)["int8/entropy"]["networks"]
    assert [one["model"] for one in networks] == ["small-int8", "small-int8"]


def test_a_drive_that_is_held_out_is_held_out_of_calibration_too(compared):
    own, rest = compared.figures["weights"]
    assert set(own["calibration"]["sequences"]) == {"0006R0", "0016E5"}
    assert set(rest["calibration"]["sequences"]) == {"0001TP", "0006R0", "0016E5"}


def test_figures_say_what_they_depend_on(compared):
    figures = compared.figures
    assert (figures["network_size"], figures["fit"]) == ("64x96", "stretch")
    assert figures["engine"].startswith("openvino") and figures["device"].startswith("CPU")
    assert figures["resampling"] == {"block": 1, "resamples": 200, "seed": 0}


def test_figures_tables_chart_and_networks_are_written(compared):
    assert json.loads((compared.out / "precision.json").read_text()) == compared.figures
    assert "| int8/entropy |" in (compared.out / "precision.md").read_text()
    assert read_image(compared.out / "precision.png").shape[1] > 900
    assert (compared.out / "networks" / "0001TP" / "net-int8-entropy.onnx").is_file()
    assert (compared.out / "networks" / "net-fp16.yaml").is_file()


def test_each_sentence_is_said_once(compared):
    assert len(compared.said) == len(set(compared.said))
    assert any(line.startswith("calibration set: 15 images of 3") for line in compared.said)


def test_images_that_are_calibrated_and_scored_on_are_counted(drives):
    data = camvid(drives.root, ["val"])
    images = [sample.image for sample in data.samples]
    another_way = images[2].parent / ".." / "images" / images[2].name
    assert seen_twice([*images[:2], another_way], data) == 3
    assert seen_twice(sorted(drives.train.iterdir()), data) == 0


def test_calibration_images_are_asked_for(compared):
    with pytest.raises(ConfigError, match="give --calibration DIR"):
        replace(compared.wanted, calibration=())


def test_models_of_other_default_sizes_are_refused_unless_a_size_is_given(
    compared, drives, tmp_path
):
    wanted = replace(compared.wanted, models=("camvid", f"0001TP={drives.all}"))
    with pytest.raises(ConfigError, match="one network size and one fit"):
        compare(wanted, None, lambda *step: None, print)


def test_a_size_that_the_network_cannot_take_is_found_before_calibrating(compared, tmp_path):
    from segmentation_node.errors import ModelError  # noqa: PLC0415

    steps = []
    with pytest.raises(ModelError, match="multiples of 32"):
        compare(
            replace(compared.wanted, size=NetworkSize(60, 96)),
            None,
            lambda *step: steps.append(step),
            print,
        )
    assert not steps


def test_without_matplotlib_it_is_said_before_anything_is_measured(compared, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "segmentation_node.bench.precision.chart", None)
    steps = []
    with pytest.raises(OutputError, match="pip install matplotlib"):
        compare(compared.wanted, tmp_path, lambda *step: steps.append(step), print)
    assert not steps
