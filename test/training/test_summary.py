"""The tables of layers: the paper's rows, and torch's own count of operations."""

from __future__ import annotations

import json

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from segmentation_node.bench import published as paper
from segmentation_node.bench.network_table import network_tables, published_of, summary_mapping
from segmentation_node.bench.recomputed import (
    MIB,
    decoder_parameters,
    encoder_parameters,
    input_channels,
)
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError
from segmentation_node.training.networks import NETWORKS, build
from segmentation_node.training.summary import DECODER, ENCODER, summarise

PAPER_SIZE = NetworkSize(*paper.INPUT_SIZE)


@pytest.fixture(scope="module")
def fcn8s():
    return summarise("fcn8s", PAPER_SIZE)


def test_layers_of_fcn8s_are_the_rows_of_tables_1_and_2(fcn8s):
    printed = paper.TABLE_1 + paper.TABLE_2
    assert len(fcn8s.layers) == len(printed)
    for layer, row in zip(fcn8s.layers, printed, strict=True):
        assert layer.shape == row.shape, row.name
        assert layer.activations == row.activations, row.name
    # The paper calls pool3 Pool4.
    names = [layer.name.split(".")[1] for layer in fcn8s.layers]
    assert [n for n in names if n != "pool3"] == [
        row.name.lower() for index, row in enumerate(printed) if index != names.index("pool3")
    ]


def test_parameters_are_those_of_the_formulas_with_the_channels_that_a_row_reads(fcn8s):
    for index, row in enumerate(paper.TABLE_1):
        kernel = (*row.kernel[:2], input_channels(index)) if row.kernel else None
        assert fcn8s.layers[index].parameters == row.parameters(kernel), row.name
    for layer, row in zip(fcn8s.layers[len(paper.TABLE_1) :], paper.TABLE_2, strict=True):
        assert layer.parameters == row.parameters(), row.name


def test_totals_of_the_encoder_are_those_of_table_1(fcn8s):
    totals = fcn8s.totals(ENCODER)
    assert int(totals.activation_bytes / MIB) == paper.TABLE_1_MB["activations"]
    assert int(totals.parameter_bytes / MIB) == paper.TABLE_1_MB["parameters"]
    assert totals.parameters == encoder_parameters(printed=False)


def test_totals_of_table_2_are_its_last_row_alone(fcn8s):
    last, totals = fcn8s.layers[-1], fcn8s.totals(DECODER)
    assert 4 * last.activations / MIB == paper.TABLE_2_MB["activations"]
    assert 4 * last.parameters / MIB == pytest.approx(paper.TABLE_2_MB["parameters"], abs=0.001)
    assert totals.parameters == decoder_parameters()
    assert totals.activation_bytes == 4 * sum(row.activations for row in paper.TABLE_2)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_the_registry_has_a_table(name):
    found = summarise(name, NetworkSize(64, 96), 5)
    classes = found.layers[-1].shape[2]
    assert classes == 5
    encoder, decoder, whole = (found.totals(part) for part in (ENCODER, DECODER, None))
    assert encoder.flops + decoder.flops == whole.flops
    assert encoder.activation_bytes + decoder.activation_bytes == whole.activation_bytes
    assert encoder.parameters and decoder.parameters
    assert json.loads(json.dumps(summary_mapping(found))) == summary_mapping(found)


@pytest.mark.parametrize("name", NETWORKS)
def test_operations_are_as_many_as_torch_counts(name):
    size = NetworkSize(64, 96)
    with torch.device("meta"), torch.no_grad():
        network, image = build(name, 5, pretrained=False).eval(), torch.zeros(1, 3, 64, 96)
        with FlopCounterMode(display=False) as counter:
            network(image)
    assert summarise(name, size, 5).totals().flops == counter.get_total_flops()


@pytest.mark.parametrize("name", ["fcn8s", "fcn16s", "fcn32s", "fcn_alexnet"])
def test_parameters_are_all_of_the_network(name):
    with torch.device("meta"):
        network = build(name, 35, pretrained=False)
    expected = sum(parameter.numel() for parameter in network.parameters())
    assert summarise(name, NetworkSize(32, 32)).totals().parameters == expected


@pytest.mark.parametrize("name", ["FCN-8s", "FCN-16s", "FCN-32s"])
def test_weights_are_the_frozen_models_of_table_10_but_for_their_graph(name):
    weights = summarise(name.lower().replace("-", ""), NetworkSize(32, 32)).totals()
    graph_mb = paper.TABLE_10_MB[name] - weights.parameter_bytes / 1e6
    assert 0 < graph_mb < 0.001 * paper.TABLE_10_MB[name]


def test_weights_of_fcn_alexnet_are_about_those_of_the_article():
    weights = summarise("fcn_alexnet", NetworkSize(32, 32)).totals().parameter_bytes / 1e6
    assert weights == pytest.approx(paper.ARTICLE[0].weights_mb, rel=0.05)


def test_published_totals_stand_beside_ours_with_the_reason_for_a_difference(fcn8s):
    rows = published_of(fcn8s)
    assert [row.printed for row in rows] == [154.0, 128.0, 17.5, 8.75]
    for row in rows:
        assert row.remark or row.ours == pytest.approx(row.printed, rel=0.01), row.what
    assert [table.title.split(",")[0] for table in network_tables(fcn8s)] == [
        "fcn8s",
        "totals",
        "published",
    ]


def test_nothing_is_compared_that_was_not_published():
    assert published_of(summarise("fcn8s", NetworkSize(64, 64))) == ()
    assert published_of(summarise("fcn8s", PAPER_SIZE, 11)) == ()
    assert published_of(summarise("fcn4s_lite0", PAPER_SIZE)) == ()
    assert len(published_of(summarise("fcn16s", PAPER_SIZE))) == 2


def test_sizes_that_do_not_fit_and_unknown_networks_are_refused():
    with pytest.raises(ConfigError, match="multiples of 32"):
        summarise("fcn8s", NetworkSize(100, 512))
    with pytest.raises(ConfigError, match="'fcn64s'"):
        summarise("fcn64s", PAPER_SIZE)
    with pytest.raises(ConfigError, match="--classes"):
        summarise("fcn8s", PAPER_SIZE, 0)
