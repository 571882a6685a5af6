"""Weights of others: taken where they fit, refused in one sentence where they do not."""

from __future__ import annotations

import pytest
import torch

from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.training.checkpoint import Checkpoint, save_checkpoint
from segmentation_node.training.init import random_layers, read_weights, start_from
from segmentation_node.training.networks import build, network_entry, registry

# Channels of torchvision's alexnet and vgg16 at a sixteenth of their width; the first layer of
# alexnet's classifier sees 6x6 cells.
ALEXNET = {
    "features.0": (4, 3, 11, 11),
    "features.3": (12, 4, 5, 5),
    "features.6": (24, 12, 3, 3),
    "features.8": (16, 24, 3, 3),
    "features.10": (16, 16, 3, 3),
    "classifier.1": (256, 16 * 36),
    "classifier.4": (256, 256),
    "classifier.6": (1000, 256),
}
_VGG16_CHANNELS = (3, 4, 4, 8, 8, 16, 16, 16, 32, 32, 32, 32, 32, 32)
_VGG16_LAYERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
VGG16 = {
    **{
        f"features.{layer}": (_VGG16_CHANNELS[i + 1], _VGG16_CHANNELS[i], 3, 3)
        for i, layer in enumerate(_VGG16_LAYERS)
    },
    "classifier.0": (256, 32 * 49),
    "classifier.3": (256, 256),
    "classifier.6": (1000, 256),
}


def written(path, shapes, **changes):
    torch.manual_seed(0)
    state = {}
    for name, shape in shapes.items():
        state[f"{name}.weight"] = torch.randn(shape)
        state[f"{name}.bias"] = torch.randn(shape[0])
    state.update({key.replace("__", "."): value for key, value in changes.items()})
    torch.save({key: value for key, value in state.items() if value is not None}, path)
    return read_weights(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


@pytest.mark.parametrize("name", ["fcn8s", "fcn16s", "fcn32s"])
def test_vgg16_fills_its_thirteen_convolutions_and_nothing_else(narrow_networks, path, name):
    torch.manual_seed(1)
    network, entry = build(name, 5, pretrained=False), network_entry(name)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    weights = written(path, VGG16)
    start_from(network, entry, weights)
    after = network.state_dict()
    assert torch.equal(after["encoder.conv53.weight"], weights.tensors["features.28.weight"])
    assert torch.equal(after["encoder.conv11.bias"], weights.tensors["features.0.bias"])
    changed = {key for key in after if not torch.equal(after[key], before[key])}
    assert len(changed) == 26
    left = random_layers(network, entry)
    assert left[:3] == ["encoder.conv6", "encoder.conv7", "encoder.conv1by1"]
    assert all(name.startswith("decoder.") for name in left[3:])
    assert "conv6 and conv7" in entry.published.remark


def test_fully_connected_layers_of_alexnet_become_convolutions(narrow_networks, path):
    network, entry = build("fcn_alexnet", 5, pretrained=False), network_entry("fcn_alexnet")
    weights = written(path, ALEXNET)
    start_from(network, entry, weights)
    features = torch.rand(1, 16, 6, 6)
    expected = torch.nn.functional.linear(
        features.flatten(1),
        weights.tensors["classifier.1.weight"],
        weights.tensors["classifier.1.bias"],
    )
    # Padded by three cells: the fourth place sees all 6x6.
    found = network.encoder.conv6(features)[:, :, 3, 3]
    assert torch.allclose(found, expected, atol=1e-4)
    assert random_layers(network, entry) == ["encoder.conv1by1", "decoder.output"]


def test_the_names_are_those_that_torchvision_has_at_full_width():
    """Shapes of torchvision's vgg16 and alexnet, from its documentation, meet ours."""
    with torch.device("meta"):
        for name, shapes in (("fcn8s", VGG16), ("fcn_alexnet", ALEXNET)):
            network, entry = build(name, 35, pretrained=False), network_entry(name)
            assert set(entry.published.layers.values()) <= set(shapes)
            last = list(entry.published.layers)[-1]
            assert network.get_submodule(last).weight.shape[0] in {512, 4096}


@pytest.mark.parametrize(
    ("shapes", "changes", "said"),
    [
        (VGG16, {"features__28__weight": None}, "without features.28.weight .1 of 26"),
        (ALEXNET, {}, "without features.2.weight"),
        (VGG16, {"features__0__weight": torch.zeros(4, 3, 5, 5)}, "4x3x5x5.*expected 4x3x3x3"),
        (VGG16, {"features__0__bias": torch.zeros(4, dtype=torch.long)}, "features.0.bias"),
        (VGG16, {"features__0__bias": torch.full((4,), torch.nan)}, "not finite"),
        ({"layer": (3, 3)}, {}, "26 of 26 tensors are missing"),
    ],
)
def test_what_does_not_fit_is_refused(narrow_networks, path, shapes, changes, said):
    network, entry = build("fcn8s", 5, pretrained=False), network_entry("fcn8s")
    with pytest.raises(ModelError, match=said) as error:
        start_from(network, entry, written(path, shapes, **changes))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"not a state dict", [1, 2], {"weight": 3}, {}, torch.nn.Linear(1, 1)]
)
def test_what_is_no_state_dict_is_refused(path, content):
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ModelError, match="no state dict"):
        read_weights(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        read_weights(tmp_path / "none.pth")
    with pytest.raises(ModelError, match="directory"):
        read_weights(tmp_path)


def test_a_checkpoint_goes_by_another_option(path):
    save_checkpoint(Checkpoint({}, 1, {}, {}, {}, []), path)
    with pytest.raises(ModelError, match="--checkpoint"):
        read_weights(path)


def test_networks_that_start_from_imagenet_by_themselves_take_no_file(path):
    entry = registry.NETWORKS["fcn4s_lite0"]
    with pytest.raises(ConfigError, match="leave --init away"):
        start_from(entry.create(5), entry, written(path, VGG16))
