from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.training.augment import Augmentation, augment
from segmentation_node.training.recipe import RECIPES, recipe
from segmentation_node.training.stills import VALIDATION_SEED, Stills


def test_camvid_weights_carry_their_limit_and_rendered_ones_are_free():
    assert recipe("camvid").licence == "CC-BY-NC-4.0"
    assert "research" in recipe("camvid").notice
    assert recipe("rendered").licence == "Apache-2.0"
    assert recipe("rendered").camvid_per_batch == 0


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_written_down_whole(name):
    mapping = RECIPES[name].to_mapping()
    assert json.loads(json.dumps(mapping)) == mapping


@pytest.mark.parametrize(
    ("name", "rate"), [("paper_fcn8s", 1e-4), ("paper_fcn16s", 1e-3), ("paper_fcn32s", 1e-2)]
)
def test_recipes_of_the_paper_are_those_of_its_section_4_3(name, rate):
    found = recipe(name).for_images(2975)
    assert (found.optimizer, found.batch, found.epochs, found.learning_rate) == (
        "adam", 10, 50, rate,
    )  # fmt: skip
    per_epoch = found.iterations / found.epochs
    assert found.rate_factor(int(24.9 * per_epoch)) == 1.0
    assert found.rate_factor(int(25.1 * per_epoch)) == 0.1
    assert found.freeze_from == found.iterations
    assert (found.label_smoothing, found.overlap, found.class_exponent) == (0, 0, 0)


def test_recipes_of_the_paper_leave_images_as_they_are_but_for_their_size():
    settings = recipe("paper_fcn8s").augmentation
    image = np.random.default_rng(0).integers(0, 256, (512, 1024, 3), np.uint8)
    channels = np.full((512, 1024), 7, np.uint8)
    for seed in range(3):
        found, seen = augment(image, channels, settings, np.random.default_rng(seed))
        assert found.shape == (256, 512, 3)
        assert (seen == 7).all()
        expected = cv2.resize(image, (512, 256), interpolation=cv2.INTER_LINEAR)
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_recipes_for_the_users_data_say_so():
    names = {name for name, found in RECIPES.items() if found.own_data}
    assert names == {"own", "paper_fcn8s", "paper_fcn16s", "paper_fcn32s", "fcn_alexnet"}


def test_unknown_recipes_are_named():
    with pytest.raises(ConfigError, match=r"'cityscapes'.*camvid, rendered"):
        recipe("cityscapes")


@pytest.mark.parametrize(
    "wrong",
    [
        {"network": "fcn9s"},
        {"cycles": (100, 0)},
        {"batch": -1},
        {"warm_up": 10**6},
        {"camvid_share": 1.5},
        {"late_camvid_share": 0.0},
        {"late_camvid_share": 1.5},
        {"camvid_share": 0.0, "late_camvid_share": 0.5},
        {"hold_out_share": 2.0},
        {"learning_rate": 0.0},
        {"augmentation": Augmentation(crop_height=100, crop_width=320)},
        {"optimizer": "sgd"},
        {"schedule": "linear"},
        {"epochs": -1},
        {"loss_step": 8},
    ],
)
def test_impossible_recipes_are_refused(wrong):
    with pytest.raises(ConfigError, match="recipe"):
        replace(recipe("camvid"), **wrong)


@pytest.mark.parametrize("wrong", [{"count": -1}, {"height": 0}, {"conditions": ()}])
def test_impossible_stills_are_refused(wrong):
    with pytest.raises(ConfigError, match="stills"):
        Stills(**wrong)


@pytest.mark.parametrize("name", RECIPES)
def test_no_scene_is_both_trained_and_scored_on(name):
    stills = RECIPES[name].stills
    learnt = {stills.item(index)[0] for index in range(stills.count)}
    held = stills.for_scores(100)
    assert learnt.isdisjoint({held.item(index)[0] for index in range(held.count)})
    assert max(learnt) < VALIDATION_SEED


def test_a_run_that_leaves_a_drive_out_is_the_same_run_with_shorter_cycles():
    found = replace(recipe("camvid"), cycles=(100, 60), hold_out_share=0.5, warm_up=10)
    assert found.for_hold_out() == replace(found, cycles=(50, 30))


def test_photographs_take_their_late_share_with_the_last_cycle():
    found = replace(recipe("camvid"), batch=8, late_camvid_share=0.75, cycles=(100, 60))
    assert (found.camvid_per_batch, found.late_camvid, found.last_cycle) == (4, 6, 100)
    assert replace(found, late_camvid_share=None).late_camvid is None


def test_every_condition_has_its_share():
    stills = Stills(count=8, conditions=("day", "night"))
    assert [stills.item(i)[1] for i in range(4)] == ["day", "night", "day", "night"]


@pytest.mark.parametrize("steps", [3, 10, 405, 8100])
@pytest.mark.parametrize("name", ["camvid", "own", "paper_fcn8s"])
def test_another_length_keeps_the_shares_of_the_cycles(name, steps):
    found = recipe(name).of_length(steps)
    assert found.iterations == found.for_images(2975).iterations == steps
    assert found.warm_up <= min(found.cycles)
    shares = [length / steps for length in found.cycles]
    of_the_recipe = [length / recipe(name).iterations for length in recipe(name).cycles]
    assert shares == pytest.approx(of_the_recipe, abs=0.5 if steps == 3 else 0.1)


def test_a_length_may_be_given_in_epochs_and_none_is_the_recipes_own():
    assert recipe("own").of_length(epochs=4).for_images(100).iterations == 50
    assert recipe("own").of_length() == recipe("own")


@pytest.mark.parametrize(
    ("length", "said"),
    [
        ({"steps": 2}, "2 steps for a recipe of 3 cycles"),
        ({"epochs": 0}, "0 epochs"),
        ({"steps": 9, "epochs": 2}, "one of both"),
    ],
)
def test_a_length_that_is_none_is_refused(length, said):
    with pytest.raises(ConfigError, match=said):
        recipe("camvid").of_length(**length)
