from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from parrot import Parrot
from small_camvid import write_camvid

from segmentation_node.bench.precision import measure as module
from segmentation_node.bench.precision.measure import Record, measure
from segmentation_node.bench.precision.networks import Network
from segmentation_node.bench.precision.variants import Variant
from segmentation_node.core.labels import CAMVID_11, Label, LabelSet
from segmentation_node.datasets import camvid
from segmentation_node.media.images import read_labels


class Logged(Parrot):
    """A parrot that writes down its calls."""

    def __init__(self, answers, name, log):
        super().__init__(answers)
        self._name, self._log = name, log

    def warm_up(self, height, width, outputs):
        self._log.append(("warm up", self._name, (height, width)))

    def __call__(self, image, outputs):
        self._log.append((self._name, int(image.astype(int).sum())))
        return SimpleNamespace(
            labels=super().__call__(image, outputs).labels, stages_ms={"inference": 0.0}
        )


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Three networks over three frames; the second errs in one pixel of each."""
    data = camvid(write_camvid(tmp_path, frames=3, groups=("0016E5",)), ["val"])
    truth = [read_labels(sample.labels) for sample in data.samples]
    wrong = [labels.copy() for labels in truth]
    for labels in wrong:
        labels[0, 0] = (labels[0, 0] + 1) % 11
    answers = {"fp32": truth, "fp16": wrong, "int8": truth}
    log: list[tuple] = []
    parrots = {name: Logged(said, name, log) for name, said in answers.items()}
    (tmp_path / "n.onnx").write_bytes(b"1234")
    networks = [Network(Variant(name), tmp_path / "n.onnx", {}) for name in parrots]
    records = {name: Record(name, data.labels) for name in parrots}
    told = []

    @contextmanager
    def opened(*_):
        yield parrots

    monkeypatch.setattr(module, "opened", opened)
    measure(networks, data, records, "auto", None, lambda *at: told.append(at))
    return SimpleNamespace(records=records, log=log, told=told)


def test_every_frame_goes_through_all_networks_each_time_first_through_another(measured):
    calls = [call[0] for call in measured.log if call[0] != "warm up"]
    rounds = [calls[at : at + 3] for at in (0, 3, 6)]
    assert all(sorted(one) == ["fp16", "fp32", "int8"] for one in rounds)
    assert len({one[0] for one in rounds}) == 3
    images = [call[1] for call in measured.log if call[0] != "warm up"]
    assert [len(set(images[at : at + 3])) for at in (0, 3, 6)] == [1, 1, 1]


def test_networks_are_warmed_up_once_for_a_size_and_no_frame_is_left_out(measured):
    assert [call for call in measured.log if call[0] == "warm up"] == [
        ("warm up", name, (48, 64)) for name in ("fp32", "fp16", "int8")
    ]
    assert [len(record.frames) for record in measured.records.values()] == [3, 3, 3]
    assert measured.told == [(1, 3), (2, 3), (3, 3)]


def test_agreement_is_counted_against_the_first_network(measured):
    same = {name: [one.same for one in record.frames] for name, record in measured.records.items()}
    assert same == {"fp32": [3072] * 3, "fp16": [3071] * 3, "int8": [3072] * 3}
    assert measured.records["fp16"].frames[0].pixels == 3072


def test_a_network_is_noted_as_it_runs_with_its_size_on_disk(measured):
    (found,) = measured.records["int8"].networks
    assert (found["precision"], found["bytes"]) == ("fp32", 4)


def test_things_are_counted_where_the_labels_have_any():
    assert Record("fp32", CAMVID_11).by_size is not None
    plain = LabelSet("plain", (Label(0, "road", (0, 0, 0)),))
    assert Record("fp32", plain).by_size is None


def test_frames_keep_counts_of_their_own(measured):
    first, second, _ = measured.records["fp32"].frames
    assert first.counts is not second.counts
    assert not np.shares_memory(first.counts, second.counts)
