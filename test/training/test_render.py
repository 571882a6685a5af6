from __future__ import annotations

import json

import pytest

from segmentation_node.datasets import rendered
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import write_image
from segmentation_node.training import render
from segmentation_node.training.render import render_stills
from segmentation_node.training.stills import Stills

SMALL = Stills(count=2, height=64, width=96, conditions=("day", "night"), first_seed=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("stills")
    told = []
    render_stills(SMALL, root / "train", lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    return root


def test_scenes_read_back_as_a_data_set(folder):
    data = rendered(folder, "train")
    assert [sample.name for sample in data.samples] == ["day_0000005", "night_0000006"]
    assert data.groups == ("day", "night")
    image, labels = data.samples[0].read()
    assert image.shape == (64, 96, 3)
    assert labels.max() <= 11


def test_the_same_scenes_are_not_rendered_twice(folder, monkeypatch):
    monkeypatch.setattr(render, "ProcessPoolExecutor", None)
    render_stills(SMALL, folder / "train")


def test_a_run_cut_short_is_rendered_again(folder, monkeypatch):
    manifest = folder / "train" / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(json.dumps({**json.loads(text), "complete": False}))
    started = []
    monkeypatch.setattr(
        render, "ProcessPoolExecutor", lambda *_: started.append(True) or pytest.fail("stop here")
    )
    with pytest.raises(pytest.fail.Exception):
        render_stills(SMALL, folder / "train")
    assert started


def test_somebody_elses_images_are_left_alone(tmp_path):
    photo = tmp_path / "images" / "photo.jpg"
    write_image(photo, render.render_still(1, 32, 32, "day")[0])
    with pytest.raises(DatasetError, match="were not rendered"):
        render_stills(SMALL, tmp_path)
    assert photo.exists()
