"""Runs of the paper's and the article's recipes on data that the user names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.media.images import read_image
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter
from segmentation_node.training import run_data
from segmentation_node.training.networks import network_entry
from segmentation_node.training.recipe import recipe
from segmentation_node.training.run import train
from segmentation_node.training.run_data import prepare
from segmentation_node.training.run_settings import OwnData, Run

CPU = torch.device("cpu")
CLASSIC = ("paper_fcn8s", "paper_fcn16s", "paper_fcn32s", "fcn_alexnet")


def short(name, **changes):
    """A recipe of the paper on images of 32x64, three steps of two images."""
    full = recipe(name)
    crops = replace(full.augmentation, crop_height=32, crop_width=64, height=32)
    return replace(
        full, **{"epochs": 3, "batch": 2, "augmentation": crops, "validation_rows": 32, **changes}
    )


def vgg16_file(path, name="fcn8s"):
    """Weights in torchvision's layout and the shapes of a network here."""
    torch.manual_seed(3)
    entry = network_entry(name)
    network = entry.create(35)
    tensors = {
        f"{theirs}.{kind}": torch.randn_like(network.get_parameter(f"{ours}.{kind}")) * 0.05
        for ours, theirs in entry.published.layers.items()
        for kind in ("weight", "bias")
    }
    torch.save(tensors, path)
    return tensors


@pytest.mark.parametrize("name", CLASSIC)
def test_a_short_run_leaves_a_model_that_runs_a_record_and_curves(
    name, narrow_networks, cityscapes_like, tmp_path
):
    run = Run(
        short(name), tmp_path / "run", device="cpu", own=OwnData(cityscapes_like, "cityscapes")
    )
    record = train(run)
    assert [entry["iteration"] for entry in record["history"]] == [1, 2, 3]
    assert set(record["history"][-1]["miou"]) == {"cityscapes/val"}
    assert (record["labels"], record["format"]) == ("cityscapes_all", "cityscapes")
    assert record["recipe"]["optimizer"] == "adam"
    assert record == json.loads((tmp_path / "run" / "record.json").read_text())
    assert read_image(tmp_path / "run" / "curves.png").std() > 10

    model = load_model(run.model)
    assert (model.stride, model.labels.num_classes) == (1, 35)
    with Segmenter.load(run.model, precision="fp32", network_size="64x128") as segmenter:
        labels = segmenter(np.zeros((90, 160, 3), np.uint8)).labels
    assert labels.shape == (90, 160)


def test_the_rate_falls_to_a_tenth_after_half_of_the_epochs(
    narrow_networks, cityscapes_like, tmp_path
):
    run = Run(
        short("paper_fcn16s", epochs=4),
        tmp_path / "run",
        device="cpu",
        own=OwnData(cityscapes_like, "cityscapes"),
    )
    rates = [entry["learning_rate"] for entry in train(run)["history"]]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4])


def test_epochs_become_steps_with_the_data(cityscapes_like):
    run = Run(
        recipe("paper_fcn8s"), Path("run"), own=OwnData(cityscapes_like, "cityscapes"), batch="3"
    )
    followed, data = prepare(run, CPU)
    assert (followed.batch, followed.iterations) == (3, 34)
    assert data.sources[0].per_batch == 3
    # The paper's: 2975 images in batches of 10, 50 epochs.
    assert recipe("paper_fcn8s").for_images(2975).iterations == 14875


def test_the_batch_follows_the_memory_that_is_free(monkeypatch, cityscapes_like):
    own = OwnData(cityscapes_like, "cityscapes")
    monkeypatch.setattr(run_data, "free_bytes", lambda _: 2 * 2**30)
    auto = Run(recipe("paper_fcn8s"), Path("run"), own=own, batch="auto")
    assert prepare(auto, CPU)[0].batch == 4
    with pytest.raises(ConfigError, match="--batch auto"):
        prepare(replace(auto, batch=None), CPU)
    monkeypatch.setattr(run_data, "free_bytes", lambda _: 64 * 2**30)
    assert prepare(auto, CPU)[0].batch == 10


def test_a_run_that_was_killed_ends_as_if_it_had_not_been_and_without_the_first_file(
    narrow_networks, cityscapes_like, tmp_path
):
    """Dropout, Adam and the file of first weights are part of what must come back."""
    start = tmp_path / "vgg16.pth"
    vgg16_file(start)
    settings = {"device": "cpu", "own": OwnData(cityscapes_like, "cityscapes")}
    learnt = short("paper_fcn8s", epochs=4, save_every=2)
    whole = Run(learnt, tmp_path / "whole", init=start, **settings)
    expected = train(whole)
    assert expected["init"]["file"] == "vgg16.pth"

    def kill(progress):
        if progress.iteration == 3:
            raise KeyboardInterrupt

    broken = Run(learnt, tmp_path / "broken", init=start, **settings)
    with pytest.raises(KeyboardInterrupt):
        train(broken, report=kill)
    start.unlink()
    found = train(replace(broken, init=None), resume=True)
    assert found["init"] == expected["init"]
    assert broken.model.read_bytes() == whole.model.read_bytes()
    assert load_model(broken.model).training["init"] == expected["init"]


def test_first_weights_of_another_network_are_said_before_anything_else(cityscapes_like, tmp_path):
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "other.pth")
    run = Run(
        recipe("paper_fcn8s"),
        tmp_path / "run",
        own=OwnData(cityscapes_like, "cityscapes"),
        init=tmp_path / "other.pth",
    )
    with pytest.raises(ModelError, match="vgg16"):
        train(run)
    assert not (tmp_path / "run").exists()


def test_data_must_be_named_where_they_are_needed_and_only_there(tmp_path):
    with pytest.raises(ConfigError, match="--data DIR"):
        Run(recipe("paper_fcn8s"), tmp_path)
    with pytest.raises(ConfigError, match="own, paper_fcn8s"):
        Run(recipe("rendered"), tmp_path, own=OwnData(tmp_path, "folder"))
    with pytest.raises(ConfigError, match="'kitti'"):
        OwnData(tmp_path, "kitti")


@pytest.mark.parametrize("batch", ["0", "-1", "many", ""])
def test_a_batch_is_a_count_or_auto(batch, tmp_path):
    with pytest.raises(ConfigError, match="--batch"):
        Run(recipe("paper_fcn8s"), tmp_path, own=OwnData(tmp_path, "folder"), batch=batch)
