from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize, fit
from segmentation_node.core.preprocess import preprocess
from segmentation_node.errors import MediaError
from segmentation_node.media.images import read_image
from segmentation_node.model import load_model
from segmentation_node.quantize.images import ImageSet, Sample


def names(images):
    return [path.stem for path in images.paths]


def test_images_come_in_the_order_of_their_names(photos):
    assert names(ImageSet.read([photos]))[:2] == ["drive_0", "drive_1"]


def test_a_limit_takes_images_spread_over_all(photos):
    assert names(ImageSet.read([photos], limit=4)) == ["drive_1", "drive_3", "drive_5", "evening_7"]
    assert len(ImageSet.read([photos], limit=100)) == 8


def test_several_folders_are_one_set(photos):
    assert len(ImageSet.read([photos, photos])) == 16


def test_part_is_spread_too(photos):
    assert names(ImageSet.read([photos]).part(2)) == ["drive_2", "evening_6"]


def test_the_digest_knows_names_and_contents(photos, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(photos, copy)
    before = ImageSet.read([photos]).sha256()
    assert ImageSet.read([copy]).sha256() == before
    (copy / "drive_1.png").rename(copy / "drive_11.png")
    renamed = ImageSet.read([copy]).sha256()
    shutil.copy(copy / "drive_0.png", copy / "drive_2.png")
    assert len({before, renamed, ImageSet.read([copy]).sha256()}) == 3


def test_samples_are_what_the_package_preprocesses(model_path, photos):
    model, size = load_model(model_path), NetworkSize(64, 96)
    (sample,) = list(ImageSet.read([photos], limit=1).samples(model, size))
    image = read_image(ImageSet.read([photos], limit=1).paths[0])
    placed = fit(model.input.fit, *image.shape[:2], size)
    assert np.array_equal(sample.input, preprocess(Frame.from_array(image), placed, model.input))


def test_padding_is_not_seen():
    placed = fit("letterbox", 100, 50, NetworkSize(64, 64))
    logits = np.zeros((2, 16, 16), np.float32)
    logits[:, :, 4:12] = 1
    seen = Sample(np.zeros((1, 3, 64, 64), np.float32), placed).seen(logits)
    assert seen.shape == (2, 16, 8)
    assert seen.all()


def test_all_of_a_stretched_image_is_seen():
    sample = SimpleNamespace(fit=fit("stretch", 37, 51, NetworkSize(64, 96)))
    assert Sample.seen(sample, np.zeros((2, 32, 48), np.float32)).shape == (2, 32, 48)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(MediaError, match=r"no folder at .*gone"):
        ImageSet.read([tmp_path / "gone"])


def test_an_image_among_the_folders_stands_for_itself(photos):
    one = ImageSet.read([photos]).paths[3]
    assert names(ImageSet.read([one, photos])) == ["drive_3", *names(ImageSet.read([photos]))]
    with pytest.raises(MediaError, match="no folder at"):
        ImageSet.read([one.with_suffix(".txt")])


@pytest.mark.parametrize("limit", range(1, 9))
def test_a_part_reaches_over_all_images(photos, limit):
    part = ImageSet.read([photos]).part(limit)
    assert len(part) == limit
    places = [int(name[-1]) for name in names(part)]
    assert places == sorted(set(places))
    # No gap at either end is larger than the one between two of them.
    assert places[0] <= 8 // limit
    assert places[-1] >= 7 - 8 // limit
