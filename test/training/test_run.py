"""The one command, on data of a few pixels: from a recipe to a model that loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from command import run as command

from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.model import load_model
from segmentation_node.training import run_data
from segmentation_node.training.augment import Augmentation
from segmentation_node.training.export_model import export_checkpoint
from segmentation_node.training.recipe import recipe
from segmentation_node.training.run import train
from segmentation_node.training.run_data import prepare
from segmentation_node.training.run_settings import Run
from segmentation_node.training.stills import Stills

CPU = torch.device("cpu")

SMALL = replace(
    recipe("camvid"),
    cycles=(2, 1),
    hold_out_share=0.5,
    batch=2,
    camvid_share=0.5,
    warm_up=1,
    stills=Stills(count=2, height=32, width=48),
    augmentation=Augmentation(crop_height=32, crop_width=32, height=64),
)


@pytest.fixture
def few_scenes(monkeypatch, camvid_like):
    """Scenes that are there already: rendering has tests of its own."""
    monkeypatch.setattr(run_data, "render_stills", lambda *_: None)
    return camvid_like


def test_leaves_a_model_that_loads_and_a_record(few_scenes, tmp_path):
    run = Run(SMALL, tmp_path / "run", few_scenes, few_scenes, device="cpu")
    record = train(run)
    model = load_model(run.model)
    assert model.name == "fcn4s-lite0-camvid"
    assert model.licence == "CC-BY-NC-4.0"
    assert "research" in model.notice
    assert record == json.loads((tmp_path / "run" / "record.json").read_text())
    assert [entry["iteration"] for entry in record["history"]] == [1, 2, 3]
    assert set(record["history"][-1]["miou"]) == {"camvid/val", "rendered/val"}
    assert record["images"] == {"camvid/train": 3, "rendered/train": 3}


def test_a_run_is_not_begun_where_another_has_left_its_state(few_scenes, tmp_path):
    run = Run(SMALL, tmp_path / "run", few_scenes, few_scenes, device="cpu")
    train(run)
    kept = run.checkpoint.read_bytes()
    with pytest.raises(ConfigError, match="holds a run at step 3") as refused:
        train(run)
    assert "--resume" in refused.value.fix
    assert "--output" in refused.value.fix
    assert run.checkpoint.read_bytes() == kept


def test_leaving_a_sequence_out_trains_on_all_others(few_scenes, tmp_path):
    run = Run(SMALL, tmp_path / "run", few_scenes, few_scenes, "0016E5", "cpu")
    followed, data = prepare(run, CPU)
    assert data.sources[0].data.groups == ("0001TP", "0006R0")
    assert data.validation[0].groups == ("0016E5",)
    assert followed.iterations == 2


def test_a_checkpoint_exports_to_the_same_bytes(few_scenes, tmp_path):
    run = Run(SMALL, tmp_path / "run", few_scenes, few_scenes, device="cpu")
    record = train(run)
    export_checkpoint(run.checkpoint, tmp_path / "again.onnx", record["class_bias"])
    assert (tmp_path / "again.onnx").read_bytes() == run.model.read_bytes()


def test_camvid_must_be_given_where_it_is_needed():
    with pytest.raises(ConfigError, match="--camvid DIR"):
        Run(SMALL, Path("run"))
    assert Run(recipe("rendered"), Path("run")).stills == Path("run") / "stills"


def test_leaving_out_needs_a_recipe_with_camvid():
    with pytest.raises(ConfigError, match="--hold-out"):
        Run(recipe("rendered"), Path("run"), Path("camvid"), held_out="0001TP")


def test_a_wrong_folder_of_camvid_is_said_before_anything_else(tmp_path):
    with pytest.raises(DatasetError, match="CamVid laid out as"):
        train(Run(SMALL, tmp_path / "run", tmp_path, device="cpu"))
    assert not (tmp_path / "run").exists()


def test_an_interrupted_run_is_exported_as_it_is(few_scenes, tmp_path):
    def stop(progress):
        if progress.iteration == 2:
            raise KeyboardInterrupt

    run = Run(replace(SMALL, save_every=1), tmp_path / "run", few_scenes, few_scenes, device="cpu")
    with pytest.raises(KeyboardInterrupt):
        train(run, report=stop)
    done = command("export", tmp_path / "run", "-o", tmp_path / "early.onnx")
    assert done.exit_code == 0
    assert "exported as it is after step" in done.stderr
    assert load_model(tmp_path / "early.onnx").name == "fcn4s-lite0-camvid"
