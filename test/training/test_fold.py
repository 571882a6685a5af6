from __future__ import annotations

import torch
from torch import nn

from segmentation_node.training.fold import folded
from segmentation_node.training.networks import build


def test_folding_keeps_the_function_and_drops_every_batch_norm():
    torch.manual_seed(0)
    network = build("fcn8s_lite0", 11, pretrained=True).eval()
    image = torch.randn(1, 3, 64, 96)
    light = folded(network)
    with torch.inference_mode():
        assert torch.allclose(network(image), light(image), atol=1e-3)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in light.modules())


def test_the_network_itself_is_left_as_it_is():
    network = build("fcn8s_lite0", 11, pretrained=False).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folded(network)
    assert network.training
    after = network.state_dict()
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
