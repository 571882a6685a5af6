from __future__ import annotations

import cv2
import numpy as np
import pytest
from parrot import Parrot
from small_cityscapes import write_cityscapes

from segmentation_node.bench.accuracy import evaluate
from segmentation_node.bench.instances import Instances, has_instances
from segmentation_node.core.labels import CITYSCAPES_ALL
from segmentation_node.datasets import cityscapes
from segmentation_node.errors import DatasetError


@pytest.fixture
def data(tmp_path):
    root = write_cityscapes(tmp_path, frames=(("ulm", 1),))
    return cityscapes(root, "val")


def test_right_answers_weigh_one(data):
    _, true = data.samples[0].read()
    tally = Instances(data.labels, data.labels)
    result = evaluate(Parrot([true], CITYSCAPES_ALL), data, tallies=[tally])["instances"]
    assert result["iiou"] == result["category_iiou"] == result["per_class"]["car"] == 1
    assert result["per_class"]["train"] is None


def test_instance_images_are_asked_for_only_where_all_are_there(data):
    assert has_instances(data)
    data.samples[0].instances.unlink()
    root = data.samples[0].image.parents[3]
    assert not has_instances(cityscapes(root, "val"))


@pytest.mark.parametrize("content", [np.uint8, None])
def test_an_instance_image_that_is_none_is_named(data, content):
    path = data.samples[0].instances
    if content is None:
        path.write_bytes(b"no image")
    else:
        cv2.imwrite(str(path), np.zeros((96, 192), content))
    with pytest.raises(DatasetError, match=r"instanceIds\.png.*sixteen bits"):
        data.samples[0].read_instances()
