from __future__ import annotations

import sys
from pathlib import Path

import pytest

from segmentation_node import resources
from segmentation_node.errors import ConfigError
from segmentation_node.resources import share_directory


def install(prefix: Path) -> Path:
    """Lay out what pip or colcon leave under a prefix; returns its share folder."""
    share = prefix / "share" / "segmentation_node"
    (share / "config").mkdir(parents=True)
    (share / "package.xml").touch()
    return share


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package as if it lay alone in a folder, with nothing around it."""
    module = tmp_path / "prefix" / "lib" / "python3" / "site-packages" / "segmentation_node"
    module.mkdir(parents=True)
    monkeypatch.setattr(resources, "__file__", str(module / "resources.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "python"))
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    return module


def test_a_checkout_is_its_own_share_folder(repository: Path) -> None:
    assert share_directory() == repository
    assert (share_directory() / "config").is_dir()


def test_pip_and_colcon_put_it_under_their_prefix(elsewhere: Path) -> None:
    share = install(elsewhere.parents[3])
    assert share_directory() == share


def test_the_ament_index_is_searched(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = install(tmp_path / "workspace")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/opt/ros/none::{tmp_path / 'workspace'}")
    assert share_directory() == share


def test_the_running_pythons_prefix_comes_last(elsewhere: Path, tmp_path: Path) -> None:
    share = install(tmp_path / "python")
    assert share_directory() == share
    nearer = install(elsewhere.parents[3])
    assert share_directory() == nearer


def test_a_copied_package_is_told_how_to_be_installed(elsewhere: Path) -> None:
    with pytest.raises(ConfigError, match="pip install"):
        share_directory()
