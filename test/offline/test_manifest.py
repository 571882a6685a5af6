from __future__ import annotations

import json
from pathlib import Path

import pytest

from segmentation_node.errors import OutputError
from segmentation_node.offline.manifest import Manifest, manifest_path, read_manifest

CONDITIONS = {
    "input": {"size_bytes": 7, "metadata_sha256": "ab"},
    "network": {"precision": "bf16"},
    "options": {"topics": ["/left"], "overlay": False},
}


def test_a_manifest_reads_back(tmp_path: Path) -> None:
    written = Manifest(CONDITIONS, 12, 3, ("frame 2",), {"labels": {"0": "sky"}})
    written.write(tmp_path / "out.mcap")
    assert read_manifest(tmp_path / "out.mcap") == written
    assert manifest_path(tmp_path / "out.mcap").name == "out.mcap.run.json"


def test_there_may_be_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "out.mcap") is None


def test_changes_are_named_with_both_values() -> None:
    manifest = Manifest(CONDITIONS, 12)
    assert manifest.changes(CONDITIONS) == ()
    now = {**CONDITIONS, "network": {"precision": "fp32"}, "options": {"topics": []}}
    assert manifest.changes(now) == (
        "network.precision was bf16, is fp32",
        "options.topics was ['/left'], is []",
    )
    assert manifest.changes({"network": {"fit": "crop"}}) == ("network.fit was None, is crop",)


@pytest.mark.parametrize(
    "text", ["", "[1]", "{}", json.dumps({"format": 2}), json.dumps({"format": 1, "more": 1})]
)
def test_what_is_no_manifest_is_left_alone(tmp_path: Path, text: str) -> None:
    manifest_path(tmp_path / "out.mcap").write_text(text)
    with pytest.raises(OutputError, match=r"out\.mcap\.run\.json, which is no manifest.*remove it"):
        read_manifest(tmp_path / "out.mcap")
