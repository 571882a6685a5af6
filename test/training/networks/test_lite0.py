from __future__ import annotations

import pytest
import torch

from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.training.networks import build, efficientnet_lite, network_entry
from segmentation_node.training.networks.efficientnet_lite import EfficientNetLite0

NAMES = ("fcn4s_lite0", "fcn8s_lite0")


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def network(name):
    torch.manual_seed(0)
    return build(name, 11, pretrained=True).eval()


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (96, 160)])
def test_logits_have_the_stride_that_the_table_says(network, name, size):
    stride = network_entry(name).stride
    with torch.inference_mode():
        logits = network(torch.zeros(2, 3, *size))
    assert logits.shape == (2, 11, size[0] // stride, size[1] // stride)


def test_logits_at_stride_four_see_the_fine_features(monkeypatch):
    """What changes at one place of stride 4 reaches the logits around it, and no others."""
    torch.manual_seed(0)
    network = build("fcn4s_lite0", 11, pretrained=True).eval()
    image = torch.zeros(1, 3, 64, 64)
    with torch.inference_mode():
        stride4, fused = network.fused(image)
        other = stride4.clone()
        other[..., 5, 7] += 5
        before = network(image)
        monkeypatch.setattr(network, "fused", lambda _: (other, fused))
        change = (network(image) - before).abs().amax(dim=(0, 1))
    rows, columns = torch.nonzero(change > 1e-6, as_tuple=True)
    assert change[5, 7] > 0.01
    # Two 3x3 convolutions reach two pixels far.
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 7, 5, 9)


def test_encoder_features_have_strides_4_to_32():
    with torch.inference_mode():
        features = EfficientNetLite0().eval()(torch.zeros(1, 3, 64, 128))
    assert [tuple(f.shape) for f in features] == [
        (1, 24, 16, 32),
        (1, 40, 8, 16),
        (1, 112, 4, 8),
        (1, 320, 2, 4),
    ]


def test_is_small_enough_to_ship(network):
    assert 2.9e6 < sum(p.numel() for p in network.parameters()) < 3.5e6


def test_starts_from_the_published_imagenet_weights(network):
    published = torch.load(efficientnet_lite.imagenet_file(), weights_only=True)
    assert torch.equal(network.encoder._conv_stem.weight, published["_conv_stem.weight"])
    last = "_blocks.15._bn2.running_var"
    assert torch.equal(network.encoder.state_dict()[last], published[last])


def test_refuses_imagenet_weights_of_another_network(monkeypatch, tmp_path):
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    monkeypatch.setattr(efficientnet_lite, "imagenet_file", lambda: tmp_path / "other.pth")
    with pytest.raises(ModelError, match="EfficientNet-Lite0"):
        EfficientNetLite0().load_imagenet()


def test_bfloat16_depthwise_convolution_is_close_to_float32():
    layer = efficientnet_lite.DepthwiseConv2d(8, 5, 2).eval()
    image = torch.rand(1, 8, 32, 32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        half = layer(image.bfloat16())
    assert half.dtype is torch.bfloat16
    assert torch.allclose(half.float(), layer(image), atol=0.05)


def test_unknown_network_is_named():
    with pytest.raises(ConfigError, match="'fcn9s'"):
        network_entry("fcn9s")
