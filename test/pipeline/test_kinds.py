from __future__ import annotations

import logging

import numpy as np
import pytest

from segmentation_node.core.frame import Frame
from segmentation_node.pipeline.kinds import MOST, KindChanges, LatestKinds, grey_frame
from segmentation_node.pipeline.view import View


def test_what_was_wanted_longest_ago_goes_first() -> None:
    freed, made = list[str](), list[int]()
    kinds: LatestKinds[int, str] = LatestKinds(freed.append)

    def make(kind: int) -> str:
        made.append(kind)
        return f"for {kind}"

    for kind in range(MOST):
        assert kinds.of(kind, make) == f"for {kind}"
    kinds.of(0, make)
    kinds.of(99, make)
    assert (made, freed) == ([*range(MOST), 99], ["for 1"])
    assert list(kinds.take_all()) == ["for 99", "for 0", *(f"for {n}" for n in (7, 6, 5, 4, 3, 2))]
    assert list(kinds.take_all()) == []


def test_what_cannot_be_made_is_not_kept() -> None:
    kinds: LatestKinds[int, float] = LatestKinds()
    with pytest.raises(ZeroDivisionError):
        kinds.of(0, lambda kind: 1 / kind)
    assert kinds.of(0, float) == 0.0


def test_changes_of_size_and_encoding_are_counted_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    changes = KindChanges()
    image = np.zeros((4, 6, 3), np.uint8)
    with caplog.at_level(logging.INFO, "segmentation_node"):
        for frame in (image, image, image[:2]):
            changes.see(Frame.from_array(frame))
        changes.see(Frame.from_array(image[:2], "rgb8"))
    assert changes.count == 2
    assert "camera images are 2x6 rgb8 from now on" in caplog.text


def test_the_grey_image_holds_the_region() -> None:
    assert grey_frame(View(), 20, 30).array.shape == (20, 30, 3)
    frame = grey_frame(View.parse("10,6,50,40"), 20, 30)
    assert frame.height >= 46
    assert frame.width >= 60
    assert (frame.array == 127).all()
