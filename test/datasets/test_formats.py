from __future__ import annotations

import pytest
from small_cityscapes import write_cityscapes

from segmentation_node.datasets import camvid, cityscapes19, dataset, rendered
from segmentation_node.errors import ConfigError


def test_formats_by_name(camvid_like, tmp_path):
    assert dataset("camvid", camvid_like, "val") == camvid(camvid_like, ["val"])
    assert dataset("rendered", camvid_like, "val") == rendered(camvid_like, "val")
    root = write_cityscapes(tmp_path, frames=(("ulm", 4),), size=(32, 64))
    assert dataset("cityscapes19", root, "val") == cityscapes19(root, "val")
    assert dataset("cityscapes", root).labels.num_classes == 35


def test_the_split_to_score_on_is_taken_where_none_is_named(camvid_like):
    assert dataset("camvid", camvid_like).name == "camvid/val"


def test_a_limit_takes_some_of_the_samples_evenly(camvid_like):
    assert dataset("camvid", camvid_like, "val", 1) == camvid(camvid_like, ["val"]).spread(1)


def test_an_unknown_format_is_answered_with_the_known(camvid_like):
    with pytest.raises(ConfigError, match=r"'kitti'.*camvid or cityscapes or cityscapes19"):
        dataset("kitti", camvid_like, "val")
