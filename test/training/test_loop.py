"""The loop on a network of 32-pixel crops: seconds, but all of it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from segmentation_node.datasets import camvid
from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.training import loop
from segmentation_node.training.augment import Augmentation
from segmentation_node.training.batches import Source
from segmentation_node.training.loop import Data, Training
from segmentation_node.training.recipe import Recipe

CPU = torch.device("cpu")
STILL = Augmentation(
    crop_height=64, crop_width=96, height=64, scale_low=1, scale_high=1, aspect=0, rotation_deg=0,
    flip=0, color=0, darkness=0, degradation=0,
)  # fmt: skip
SMALL = Recipe(
    name="small",
    licence="none",
    cycles=(6,),
    batch=2,
    warm_up=2,
    validate_every=1000,
    save_every=3,
    augmentation=Augmentation(crop_height=32, crop_width=32, height=64),
)


@pytest.fixture
def data(camvid_like):
    return Data((Source(camvid(camvid_like, ["val"]), 2),))


def weights_of(network):
    return torch.cat([value.flatten().double() for value in network.state_dict().values()])


def test_learns_two_images_by_heart(data):
    recipe = replace(
        SMALL, cycles=(40,), warm_up=5, augmentation=STILL, averaging=0.8, label_smoothing=0.0
    )
    watched = Data(data.sources, (data.sources[0].data,))
    steps = []
    Training(recipe, watched, CPU).run(steps.append)
    assert steps[-1].loss < 0.5 * steps[0].loss
    assert steps[-1].miou["camvid/val"] > 0.7
    assert steps[-1].seconds_left == 0


def test_the_same_seed_gives_the_same_weights(data):
    first, second = (weights_of(Training(SMALL, data, CPU).run()) for _ in range(2))
    assert torch.equal(first, second)
    other = Training(replace(SMALL, seed=2), data, CPU).run()
    assert not torch.equal(first, weights_of(other))


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(data, tmp_path):
    whole = Training(SMALL, data, CPU)
    expected = weights_of(whole.run())

    def kill(progress):
        if progress.iteration == 5:
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt):
        Training(SMALL, data, CPU, path).run(kill)
    again = Training(SMALL, data, CPU, path)
    again.resume()
    assert again.iteration == 3
    assert torch.equal(weights_of(again.run()), expected)
    assert [entry["loss"] for entry in again.history] == [entry["loss"] for entry in whole.history]


def test_float16_gradients_are_scaled_and_the_scale_comes_back(data, tmp_path, monkeypatch):
    """The path of GPUs without bfloat16, on the processor."""
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0, growth_interval=2)
    monkeypatch.setattr(loop, "gradient_scaler", lambda _: copy.deepcopy(scaler))
    path = tmp_path / "checkpoint.pt"
    training = Training(SMALL, data, CPU, path)
    weights = weights_of(training.run())
    assert torch.isfinite(weights).all()
    assert training.scaler.get_scale() == 64.0 * 2**3
    again = Training(SMALL, data, CPU, path)
    again.resume()
    assert again.scaler.get_scale() == training.scaler.get_scale()


def test_the_record_has_the_rate_of_each_step(data):
    training = Training(SMALL, data, CPU)
    training.run()
    rates = [entry["learning_rate"] for entry in training.history]
    assert rates == [SMALL.learning_rate * SMALL.rate_factor(step) for step in range(6)]


def test_early_layers_stay_as_they_are_once_frozen(data):
    training = Training(replace(SMALL, freeze_after=0.5), data, CPU)
    early = [training.network.encoder._conv_stem.weight, training.network.encoder._bn0.running_var]
    states = []
    training.run(lambda _: states.append(torch.cat([t.detach().flatten() for t in early])))
    assert not torch.equal(states[0], states[2])
    assert all(torch.equal(states[2], state) for state in states[3:])


def test_going_on_with_another_recipe_is_refused(data, tmp_path):
    path = tmp_path / "checkpoint.pt"
    Training(SMALL, data, CPU, path).run()
    with pytest.raises(ConfigError, match="another recipe"):
        Training(replace(SMALL, seed=9), data, CPU, path).resume()


def test_going_on_from_nothing_is_refused(data, tmp_path):
    with pytest.raises(DatasetError, match="--resume"):
        Training(SMALL, data, CPU, tmp_path / "none.pt").resume()
