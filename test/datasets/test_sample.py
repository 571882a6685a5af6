from __future__ import annotations

import pytest

from segmentation_node.datasets import camvid, hold_out
from segmentation_node.errors import DatasetError


def test_a_sequence_held_out_leaks_nowhere(camvid_like):
    learnt, scored = hold_out(camvid(camvid_like), "0016E5")
    assert scored.groups == ("0016E5",)
    assert len(scored) == 3
    assert "0016E5" not in learnt.groups
    assert {s.image for s in learnt.samples}.isdisjoint({s.image for s in scored.samples})
    assert len(learnt) + len(scored) == 5


def test_an_unknown_sequence_is_named_beside_the_known(camvid_like):
    with pytest.raises(DatasetError, match=r"0005VD.*0001TP, 0006R0, 0016E5"):
        hold_out(camvid(camvid_like), "0005VD")


def test_holding_out_the_only_sequence_is_refused(camvid_like):
    with pytest.raises(DatasetError, match="at least two groups"):
        hold_out(camvid(camvid_like, ["val"]), "0016E5")


def test_a_few_samples_lie_evenly_and_the_name_tells_it(camvid_like):
    data = camvid(camvid_like)
    few = data.spread(2)
    assert few.name == "camvid/train+val (2 of 5)"
    assert few.samples == (data.samples[1], data.samples[3])
    assert len({sample.name for sample in data.spread(4).samples}) == 4
    assert data.spread(5) is data.spread(99) is data


def test_no_samples_cannot_be_asked_for(camvid_like):
    with pytest.raises(DatasetError, match="at least 1"):
        camvid(camvid_like).spread(0)
