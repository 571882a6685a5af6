from __future__ import annotations

import json
from dataclasses import replace

import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.training.augment import Augmentation
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
        {"learning_rate": 0.0},
        {"augmentation": Augmentation(crop_height=100, crop_width=320)},
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


def test_every_condition_has_its_share():
    stills = Stills(count=8, conditions=("day", "night"))
    assert [stills.item(i)[1] for i in range(4)] == ["day", "night", "day", "night"]
