"""A network size that lies across the camera's images is asked about once."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from small_network import write_network

from segmentation_node.config import NodeConfig
from segmentation_node.ros.network import Network


@pytest.mark.parametrize(
    ("size", "image_size", "asked"),
    [
        ("96x64", (48, 64), ["96 high, 64 wide", "48 high, 64 wide", "write 64x96"]),
        ("96x64", None, ["96 high, 64 wide", "wider than high", "64 high, 96 wide"]),
        ("64x96", (64, 48), ["64 high, 96 wide", "write 96x64"]),
        ("64x96", (48, 64), []),
        ("64x96", None, []),
        ("96x64", (64, 48), []),
        ("default", None, []),
    ],
)
def test_both_readings_are_named_where_the_size_lies_across(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    size: str,
    image_size: tuple[int, int] | None,
    asked: list[str],
) -> None:
    model = write_network(tmp_path, sizes=[[64, 96], [96, 64]])
    config = NodeConfig(model=str(model), network_size=size, engine="openvino")
    with caplog.at_level(logging.WARNING, "segmentation_node"):
        Network.load(config, [image_size]).close()
    warnings = [one.getMessage() for one in caplog.records if "network_size" in one.getMessage()]
    assert len(warnings) == bool(asked)
    assert all(part in warnings[0] for part in asked)
