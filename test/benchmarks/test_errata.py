"""The errata are worked out from the published figures, and the page says what comes out."""

from __future__ import annotations

import pytest

from benchmarks.errata import errata, errata_text
from segmentation_node.bench import published as paper
from segmentation_node.bench.recomputed import (
    FLOAT_BYTES,
    MIB,
    activation_bytes,
    alexnet_parameters,
    decoder_parameters,
    encoder_parameters,
    energy_wh,
    training_mb,
)


def test_the_page_is_written_from_the_figures_and_by_nobody_else(repository):
    assert (repository / "docs" / "errata.md").read_text(encoding="utf-8") == errata_text()


def test_every_erratum_says_where_what_and_why():
    assert len(errata()) >= 10
    for erratum in errata():
        assert erratum.where and erratum.printed and erratum.found
        assert "|" not in erratum.where + erratum.printed + erratum.found


def mean(scores):
    return sum(scores.values()) / len(scores)


def test_table_6_has_the_mean_that_it_prints_and_the_text_another():
    for score in paper.SCORES.values():
        assert abs(mean(score["per_class"]) - score["miou"]) < 0.001
    assert abs(mean(paper.SCORES["FCN-8s"]["per_class"]) - paper.SECTION_5_2_MIOU["FCN-8s"]) > 0.007


def test_table_7_has_the_means_that_it_prints():
    for score in paper.SCORES.values():
        assert mean(score["per_category"]) == pytest.approx(score["category_miou"], abs=0.0005)


def test_table_1_sums_to_its_totals_with_the_right_formulas_only():
    assert int(activation_bytes(paper.TABLE_1) / MIB) == paper.TABLE_1_MB["activations"]
    right, printed = (FLOAT_BYTES * encoder_parameters(printed=p) / MIB for p in (False, True))
    assert int(right) == paper.TABLE_1_MB["parameters"]
    assert printed < 118


def test_table_2_does_not_sum_to_its_totals():
    assert activation_bytes(paper.TABLE_2) / MIB == 26.5 > paper.TABLE_2_MB["activations"]
    weights = FLOAT_BYTES * decoder_parameters() / MIB
    assert weights == pytest.approx(17.85, abs=0.005)
    assert weights > paper.TABLE_2_MB["parameters"]


def test_memory_of_an_image_is_less_than_it_is_said_to_be():
    rounded, right = training_mb()
    assert rounded == 880
    assert right == pytest.approx(947.8, abs=0.1)


def test_quantised_models_are_a_quarter_of_the_size():
    for name in paper.NETWORKS:
        ratio = paper.TABLE_10_MB[name] / paper.TABLE_10_QUANTIZED_MB[name]
        assert ratio == pytest.approx(4, rel=0.002)


def test_speeds_of_section_5_5_are_not_those_of_table_12():
    times = [paper.TABLE_12_TENSORRT_MS[device] for device in paper.DEVICES]
    speeds = [times[-1] / time for time in times]
    assert speeds == pytest.approx([51.1, 13.5, 1], abs=0.05)
    assert [time / times[0] for time in reversed(times)] == pytest.approx(
        paper.SECTION_5_5_SPEEDS, abs=0.25
    )


def test_energies_follow_from_the_formula():
    for device, (_, printed) in paper.TABLE_13.items():
        assert energy_wh(device) == pytest.approx(printed, abs=0.001)


def test_the_article_is_consistent_in_its_table():
    fp32, fp16, dgpu, int8 = paper.ARTICLE
    assert fp32.weights_mb / int8.weights_mb == 4
    assert fp32.weights_mb / fp16.weights_mb == 2
    assert dgpu.latency_ms / int8.latency_ms > 3
    for row in paper.ARTICLE:
        assert 1000 / row.latency_ms == pytest.approx(row.fps, rel=0.07)


def test_only_a_6x6_layer_gives_the_weights_of_the_article():
    sizes = {side: FLOAT_BYTES * alexnet_parameters(side) / 1e6 for side in (1, 6)}
    assert sizes[6] == pytest.approx(paper.ARTICLE[0].weights_mb, rel=0.05)
    assert sizes[1] < 0.5 * paper.ARTICLE[0].weights_mb
