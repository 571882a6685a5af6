from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.errors import ConfigError, OutputError
from segmentation_node.pipeline import Buffers, Outputs

ALL = Outputs(color=True, overlay=True, confidence=True)


def test_what_is_wanted_is_allocated_and_nothing_else() -> None:
    buffers = Buffers.allocate(4, 6, Outputs(color=False, confidence=True))
    assert buffers.labels.shape == (4, 6)
    assert buffers.color is None
    assert buffers.overlay is None
    assert buffers.confidence is not None
    assert buffers.confidence.shape == (4, 6)


def test_buffers_that_are_allocated_fit() -> None:
    Buffers.allocate(4, 6, ALL).check(4, 6, ALL)
    assert Buffers.allocate(4, 6, ALL).fits(4, 6, Outputs())


@pytest.mark.parametrize(
    ("buffers", "message"),
    [
        (Buffers.allocate(4, 6, Outputs()), "none for overlay"),
        (Buffers.allocate(4, 7, ALL), r"\(4, 7\) for labels"),
        (Buffers(np.zeros((4, 6), np.int32)), "int32"),
        (Buffers(np.zeros((6, 4), np.uint8).T), "C-contiguous"),
        (Buffers(np.frombuffer(bytes(24), np.uint8).reshape(4, 6)), "read-only"),
    ],
    ids=["missing", "size", "type", "layout", "read-only"],
)
def test_buffers_that_do_not_fit_are_named(buffers: Buffers, message: str) -> None:
    assert not buffers.fits(4, 6, ALL)
    with pytest.raises(OutputError, match=message):
        buffers.check(4, 6, ALL)


@pytest.mark.parametrize("alpha", [-0.1, 1.5, float("nan")])
def test_alpha_out_of_range_is_refused(alpha: float) -> None:
    with pytest.raises(ConfigError, match="alpha"):
        Outputs(alpha=alpha)
