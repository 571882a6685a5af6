from __future__ import annotations

import numpy as np

from segmentation_node.core.scratch import Scratch


def test_the_same_name_is_the_same_memory_at_any_smaller_size() -> None:
    scratch = Scratch()
    large = scratch.get("a", (4, 5))
    small = scratch.get("a", (3, 2))
    assert small.shape == (3, 2)
    assert small.flags.c_contiguous
    assert np.shares_memory(large, small)
    assert scratch.allocations == 1


def test_other_names_are_other_memory() -> None:
    scratch = Scratch()
    assert not np.shares_memory(scratch.get("a", (4,)), scratch.get("b", (4,)))


def test_more_than_ever_before_is_allocated_anew() -> None:
    scratch = Scratch()
    scratch.get("a", (4,), np.uint8)
    assert scratch.get("a", (2, 3), np.uint8).shape == (2, 3)
    assert scratch.allocations == 2
