from __future__ import annotations

import sys

import pytest

from segmentation_node.bench import pictures
from segmentation_node.bench.evaluation import Evaluation
from segmentation_node.datasets import cityscapes
from segmentation_node.errors import OutputError
from segmentation_node.media.images import read_image
from segmentation_node.pipeline import Segmenter


def test_pictures_are_named_after_file_size_and_precision(cityscapes_score):
    names = {path.name for path in cityscapes_score.folder.iterdir()}
    assert names == {
        "cityscapes19-64x96-fp32-confusion.png",
        "cityscapes19-64x96-fp32-worst-frames.png",
    }
    for path in cityscapes_score.folder.iterdir():
        assert read_image(path).shape[1] > 900


def test_a_folder_for_pictures_that_cannot_be_made_is_found_before_anything_is_scored(
    cityscapes_root, cityscapes_networks, tmp_path
):
    (tmp_path / "file").write_text("")
    wanted = Evaluation(cityscapes(cityscapes_root, "val"), pictures=tmp_path / "file")
    seen = []
    with (
        Segmenter.load(cityscapes_networks["cityscapes19"], precision="fp32") as segmenter,
        pytest.raises(OutputError, match="give --pictures a folder"),
    ):
        wanted.score(segmenter, lambda *at: seen.append(at))
    assert not seen


def test_without_matplotlib_pictures_say_what_to_install(
    cityscapes_root, cityscapes_networks, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, pictures.__name__, None)
    wanted = Evaluation(cityscapes(cityscapes_root, "val"), pictures=tmp_path)
    with (
        Segmenter.load(cityscapes_networks["cityscapes19"], precision="fp32") as segmenter,
        pytest.raises(OutputError, match="pip install matplotlib"),
    ):
        wanted.score(segmenter)
