"""The paper's and the article's networks: what the tables say of them, at sizes of a few pixels."""

from __future__ import annotations

import math

import pytest
import torch

from segmentation_node.core.labels import CITYSCAPES_ALL
from segmentation_node.training.networks import NETWORKS, build, network_entry
from segmentation_node.training.networks.fcn_alexnet import FcnAlexNet
from segmentation_node.training.networks.fcn_vgg16 import fcn8s, fcn16s, fcn32s
from segmentation_node.training.networks.layers import scaled, upsampling

CREATE = {"fcn8s": fcn8s, "fcn16s": fcn16s, "fcn32s": fcn32s, "fcn_alexnet": FcnAlexNet}


def narrow(name, num_classes=5):
    torch.manual_seed(0)
    return CREATE[name](num_classes, width=1 / 32).eval()


@pytest.mark.parametrize("name", CREATE)
@pytest.mark.parametrize("size", [(32, 32), (64, 96)])
def test_logits_have_the_size_of_the_image(name, size):
    with torch.inference_mode():
        assert narrow(name)(torch.zeros(2, 3, *size)).shape == (2, 5, *size)


@pytest.mark.parametrize("name", CREATE)
def test_has_35_classes_of_cityscapes_by_itself_and_logits_at_stride_1(name):
    entry = network_entry(name)
    assert entry.labels is CITYSCAPES_ALL
    assert entry.labels.num_classes == 35
    assert (entry.stride, entry.multiple) == (1, 32)
    # What 8-bit images are at the mean and one deviation beside it, in torchvision's own words.
    assert [round(mean / 255, 3) for mean in entry.mean] == [0.485, 0.456, 0.406]
    assert [round(std / 255, 3) for std in entry.std] == [0.229, 0.224, 0.225]
    assert entry.pad == (124, 116, 104)


@pytest.mark.parametrize(("name", "skips"), [("fcn8s", 2), ("fcn16s", 1), ("fcn32s", 0)])
def test_the_three_differ_in_the_poolings_that_they_add(name, skips):
    network = narrow(name)
    with torch.inference_mode():
        pools = network.encoder(torch.rand(1, 3, 64, 64))
        before = network.decoder(pools)
        changes = [
            (network.decoder([p + (i == tap) for i, p in enumerate(pools)]) - before).abs().max()
            for tap in (0, 1)
        ]
    assert sum(float(change) > 0 for change in changes) == skips


def test_encoder_gives_pool3_pool4_and_scores():
    with torch.device("meta"):
        pools = fcn8s(35).encoder(torch.zeros(1, 3, 256, 512))
    assert [tuple(pool.shape) for pool in pools] == [
        (1, 256, 32, 64),
        (1, 512, 16, 32),
        (1, 35, 8, 16),
    ]


@pytest.mark.parametrize("name", CREATE)
def test_random_weights_carry_the_signal_through_all_layers_and_favour_no_class(name):
    """With PyTorch's defaults the logits of VGG16 would hardly depend on the image."""
    torch.manual_seed(0)
    network = CREATE[name](5, width=1 / 8).eval()
    with torch.inference_mode():
        logits = network(torch.randn(2, 3, 64, 64))
    assert float((logits[0] - logits[1]).std()) > 0.01
    loss = torch.nn.functional.cross_entropy(logits, torch.zeros(2, 64, 64, dtype=torch.long))
    assert float(loss) == pytest.approx(math.log(5), abs=0.5)


@pytest.mark.parametrize("name", CREATE)
def test_the_classifier_of_the_table_has_a_bias_for_each_class(name):
    assert narrow(name).get_submodule(network_entry(name).classifier).bias.shape == (5,)


@pytest.mark.parametrize("name", CREATE)
def test_freezing_leaves_most_layers_to_learn(name):
    network = narrow(name)
    network_entry(name).freeze_early(network)
    frozen = {p for p, value in network.named_parameters() if not value.requires_grad}
    assert frozen
    assert all(path.startswith(("encoder.conv1", "encoder.conv2")) for path in frozen)
    assert not any("conv1by1" in path for path in frozen)


def test_every_pooling_of_alexnet_divides_the_size_exactly_and_cells_stand_on_corners():
    sizes = {}
    with torch.device("meta"):
        network = FcnAlexNet(5)
        for layer in ("conv1", "pool1", "conv2", "pool2", "conv5", "pool5", "conv6", "conv7"):
            network.encoder.get_submodule(layer).register_forward_hook(
                lambda _module, _in, out, layer=layer: sizes.update({layer: tuple(out.shape[2:])})
            )
        network(torch.zeros(1, 3, 96, 160))
    assert [rows for rows, _ in sizes.values()] == [24, 12, 12, 6, 6, 3, 4, 4]
    assert [columns for _, columns in sizes.values()] == [40, 20, 20, 10, 10, 5, 6, 6]


def test_a_cell_of_alexnet_sees_around_the_corner_that_it_stands_on():
    encoder = FcnAlexNet(1, width=1 / 32).encoder.eval()
    for parameter in encoder.parameters():
        torch.nn.init.constant_(parameter, 0.01)
    for name in ("pool1", "pool2", "pool5"):
        # The same windows, and every pixel of them counts.
        pool = encoder.get_submodule(name)
        average = torch.nn.AvgPool2d(3, 2, padding=pool.padding, ceil_mode=pool.ceil_mode)
        setattr(encoder, name, average)
    image = torch.ones(1, 3, 576, 576, requires_grad=True)
    encoder(image)[0, 0, 8, 8].backward()
    rows = image.grad[0].sum(dim=(0, 2)).nonzero()
    middle, corner = (float(rows[0]) + float(rows[-1])) / 2, 32 * 8 - 0.5
    assert middle - corner == 1.5


def test_upsampling_multiplies_the_size_exactly():
    for kernel, stride in ((4, 2), (16, 8), (16, 16), (32, 32), (64, 32)):
        layer = upsampling(1, 1, kernel, stride)
        assert layer(torch.zeros(1, 1, 3, 5)).shape == (1, 1, 3 * stride, 5 * stride)


def test_no_layer_is_scaled_away():
    assert scaled(64, 0.001) == 1
    assert scaled(64, 1.0) == 64


def test_a_network_asked_for_imagenet_weights_that_nobody_has_is_random_and_works():
    assert build("fcn_alexnet", 2, pretrained=True).decoder.output.out_channels == 2
    assert set(CREATE) <= set(NETWORKS)


@pytest.mark.parametrize("name", ["fcn8s", "fcn_alexnet"])
def test_processors_work_out_the_scores_of_the_classes_in_float32(name):
    layer = narrow(name).encoder.conv1by1
    features = torch.rand(2, layer.in_channels, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        scores = layer(features)
    assert torch.equal(scores, layer(features.float()).bfloat16())
    scores.float().sum().backward()
    assert torch.equal(layer.weight.grad[0, :, 0, 0], features.float().sum((0, 2, 3)))
