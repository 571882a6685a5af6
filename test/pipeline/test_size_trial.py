"""The trial of a network size: what is run, on what, and that nothing stays open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ModelError
from segmentation_node.model import Model
from segmentation_node.pipeline import opening
from segmentation_node.pipeline.size_trial import FRAMES, SizeTrial, patches
from segmentation_node.pipeline.view import View


def test_the_picture_is_of_the_cameras_size_and_of_many_colours() -> None:
    image = patches(72, 128)
    assert (image.shape, image.dtype) == ((72, 128, 3), np.uint8)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 100


def test_whole_frames_are_timed_at_the_size_after_a_warm_up_and_the_engine_is_closed(
    make_network: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, object]] = []

    class Pipeline(opening.CpuPipeline):
        def warm_up(self, *size: int) -> None:  # type: ignore[override]
            calls.append(("warm up", size))

        def segment(self, frame, *rest):  # type: ignore[no-untyped-def]
            calls.append(("segment", (frame.height, frame.width, str(self.network_size))))
            return super().segment(frame, *rest)

        def close(self) -> None:
            calls.append(("close", None))
            super().close()

    monkeypatch.setattr(opening, "CpuPipeline", Pipeline)
    trial = SizeTrial(make_network(), (48, 64), View(), precision="fp32")
    assert trial(NetworkSize(32, 64)) > 0
    assert calls[0] == ("warm up", (48, 64))
    assert calls[1:-1] == [("segment", (48, 64, "32x64"))] * FRAMES
    assert calls[-1] == ("close", None)


def test_a_region_beyond_the_image_is_tried_on_an_image_that_holds_it(
    make_network: Callable[..., Model],
) -> None:
    trial = SizeTrial(make_network(), (48, 64), View.parse("0,100,200,100"), precision="fp32")
    assert trial(NetworkSize(32, 64)) > 0


def test_a_size_that_the_network_cannot_run_at_is_refused(
    make_network: Callable[..., Model],
) -> None:
    with pytest.raises(ModelError, match="50x64"):
        SizeTrial(make_network(), (48, 64), View())(NetworkSize(50, 64))
