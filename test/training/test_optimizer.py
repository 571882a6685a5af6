from __future__ import annotations

import pytest
import torch
from torch import nn

from segmentation_node.training.optimizer import OPTIMIZERS, optimizer_of


def network():
    layers = nn.Module()
    layers.encoder = nn.Conv2d(3, 4, 1)
    layers.decoder = nn.Conv2d(4, 2, 1)
    return layers


def test_encoder_has_its_own_rate_and_biases_do_not_decay():
    made = optimizer_of(
        network(), "adamw", learning_rate=0.1, encoder_factor=0.5, weight_decay=0.01
    )
    found = [
        (group["peak"], group["weight_decay"], group["params"][0].ndim)
        for group in made.param_groups
    ]
    assert sorted(found) == [(0.05, 0.0, 1), (0.05, 0.01, 4), (0.1, 0.0, 1), (0.1, 0.01, 4)]


@pytest.mark.parametrize(("name", "kind"), OPTIMIZERS.items())
def test_the_name_decides_the_kind(name, kind):
    made = optimizer_of(network(), name, learning_rate=0.1, encoder_factor=1, weight_decay=0)
    assert type(made) is kind


def test_adam_moves_by_its_rate_at_first():
    torch.manual_seed(0)
    layers = network()
    before = layers.decoder.weight.detach().clone()
    made = optimizer_of(layers, "adam", learning_rate=0.01, encoder_factor=1, weight_decay=0)
    for group in made.param_groups:
        group["lr"] = group["peak"]
    layers.decoder(layers.encoder(torch.ones(1, 3, 2, 2))).sum().backward()
    made.step()
    moved = (layers.decoder.weight - before).abs()
    assert torch.allclose(moved, torch.full_like(moved, 0.01), rtol=1e-3)
