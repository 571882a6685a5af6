from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import torch

from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

STATE = Checkpoint(
    run={"recipe": {"name": "a", "seed": 1}, "data": {"camvid/train": 5}},
    iteration=7,
    network={"weight": torch.arange(3.0)},
    averaged={"weight": torch.zeros(3)},
    optimizer={"state": {}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    history=[{"iteration": 1, "loss": 2.5}],
)


def test_reads_what_was_written(tmp_path):
    save_checkpoint(STATE, tmp_path / "run" / "c.pt")
    found = load_checkpoint(tmp_path / "run" / "c.pt")
    assert torch.equal(found.network["weight"], STATE.network["weight"])
    assert (found.run, found.iteration, found.history) == (STATE.run, 7, STATE.history)


def test_a_kill_while_writing_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    save_checkpoint(STATE, path)

    def killed(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(replace(STATE, iteration=8), path)
    assert load_checkpoint(path).iteration == 7


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", pickle.dumps({"a": 1})])
def test_foreign_and_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "c.pt").write_bytes(content)
    with pytest.raises(DatasetError, match=r"c\.pt"):
        load_checkpoint(tmp_path / "c.pt")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="FileNotFoundError"):
        load_checkpoint(tmp_path / "c.pt")


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "c.pt"
    save_checkpoint(STATE, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DatasetError, match=r"c\.pt"):
        load_checkpoint(path)


def test_a_checkpoint_of_another_run_is_refused():
    STATE.check_run(dict(STATE.run))
    with pytest.raises(ConfigError, match="another data"):
        STATE.check_run({**STATE.run, "data": {"camvid/train": 6}})
