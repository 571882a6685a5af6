from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from segmentation_node.datasets import Dataset, camvid
from segmentation_node.errors import DatasetError
from segmentation_node.training.augment import Augmentation
from segmentation_node.training.batches import Batches, Source, collate

PLAIN = Augmentation(crop_height=32, crop_width=32)


def equal(first, second):
    return all(
        np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
        for a, b in zip(first, second, strict=True)
    )


@pytest.fixture
def sources(camvid_like):
    return [Source(camvid(camvid_like, ["train"]), 2), Source(camvid(camvid_like, ["val"]), 1)]


def test_a_run_taken_up_again_sees_the_batches_it_would_have_seen(sources):
    batches = Batches(sources, PLAIN, seed=5)
    whole = list(batches.since(0, 6))
    rest = list(batches.since(4, 6))
    assert len(whole) == 6
    assert len(rest) == 2
    assert all(equal(a, b) for a, b in zip(whole[4:], rest, strict=True))


def test_threads_change_nothing(sources):
    one = list(Batches(sources, PLAIN, seed=5, threads=1).since(0, 3))
    four = list(Batches(sources, PLAIN, seed=5, threads=4).since(0, 3))
    assert all(equal(a, b) for a, b in zip(one, four, strict=True))


def test_another_seed_gives_other_batches(sources):
    first = next(iter(Batches(sources, PLAIN, seed=5).since(0, 1)))
    other = next(iter(Batches(sources, PLAIN, seed=6).since(0, 1)))
    assert not equal(first, other)


def test_every_image_comes_once_before_any_comes_again(sources, monkeypatch):
    seen = Counter()
    read = type(sources[0].data.samples[0]).read
    monkeypatch.setattr(
        "segmentation_node.datasets.Sample.read",
        lambda self: (seen.update([self.name]), read(self))[1],
    )
    list(Batches(sources, PLAIN, seed=1, threads=1).since(0, 6))
    assert set(seen.values()) == {4, 3}
    assert len(seen) == 5


def test_each_source_has_its_share_of_a_batch(sources):
    batch = next(iter(Batches(sources, PLAIN, seed=1).since(0, 1)))
    assert len(batch) == 3
    assert batch[0][0].shape == (32, 32, 3)


def test_what_a_batch_is_made_of_can_change_once_and_no_image_is_passed_over(camvid_like):
    real, scenes = camvid(camvid_like, ["train"]), camvid(camvid_like, ["val"])
    sources = [Source(real, 2, late=3, late_from=2), Source(scenes, 2, late=1, late_from=2)]
    keys = [Batches(sources, PLAIN, 1)._keys(iteration) for iteration in range(4)]
    assert keys[:2] == [[(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 2), (0, 3), (1, 2), (1, 3)]]
    assert keys[2:] == [[(0, 4), (0, 5), (0, 6), (1, 4)], [(0, 7), (0, 8), (0, 9), (1, 5)]]


def test_a_source_without_images_is_refused(camvid_like):
    data = camvid(camvid_like)
    with pytest.raises(DatasetError, match="no images"):
        Source(Dataset("nothing", (), data.labels), 2)


def test_collate_gives_normalised_rgb():
    image = np.zeros((4, 6, 3), np.uint8)
    image[..., 0], image[..., 2] = 255, 127  # blue is full, red is the mean
    channels = np.full((4, 6), 255, np.uint8)
    mean, std = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)
    images, labels = collate([(image, channels)], mean, std, torch.device("cpu"))
    assert images.shape == (1, 3, 4, 6)
    assert images[0, :, 0, 0].tolist() == pytest.approx([0.0, -127 / 128, 1.0])
    assert labels.dtype is torch.int64
    assert int(labels.min()) == 255
