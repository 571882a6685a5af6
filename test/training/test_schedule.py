from __future__ import annotations

import pytest
import torch
from torch import nn

from segmentation_node.training.schedule import AveragedNetwork, learning_rate_factor, step_factor


def test_rate_rises_to_the_peak_and_falls_to_nothing():
    factors = [learning_rate_factor(i, [100], 10) for i in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == pytest.approx(1.0)
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert 0 < factors[-1] < 0.001


def test_each_cycle_starts_at_half_the_peak_before():
    factors = [learning_rate_factor(i, [50, 50], 5) for i in range(100)]
    assert max(factors[:50]) == pytest.approx(1.0)
    assert max(factors[50:]) == pytest.approx(0.5)
    assert factors[49] < 0.01
    assert factors[55:] == sorted(factors[55:], reverse=True)


def test_no_warm_up_starts_at_the_peak():
    assert learning_rate_factor(0, [10], 0) == 1.0


def test_a_step_falls_to_a_tenth_once():
    assert [step_factor(i, 10, 0.5) for i in range(10)] == [1.0] * 5 + [0.1] * 5
    assert [step_factor(i, 3, 0.5) for i in range(3)] == [1.0, 1.0, 0.1]


def test_average_follows_the_network():
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    averaged = AveragedNetwork(network, 0.5)
    nn.init.ones_(network.weight)
    averaged.update(network, 1000)
    assert averaged.network.weight.item() == pytest.approx(0.5)
    averaged.update(network, 1001)
    assert averaged.network.weight.item() == pytest.approx(0.75)


def test_average_leaves_the_first_weights_soon():
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    averaged = AveragedNetwork(network, 0.999)
    nn.init.ones_(network.weight)
    for iteration in range(30):
        averaged.update(network, iteration)
    assert averaged.network.weight.item() > 0.99


def test_average_takes_in_running_statistics():
    network = nn.BatchNorm2d(2)
    averaged = AveragedNetwork(network, 0.5)
    network.train()(torch.randn(4, 2, 8, 8) + 100)
    averaged.update(network, 1000)
    assert averaged.network.running_mean[0] == pytest.approx(
        network.running_mean[0].item() / 2, rel=1e-3
    )
    assert not averaged.network.training
