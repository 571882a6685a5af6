"""config/foxglove.json: a layout whose panels show what the node takes and publishes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dds import Observer
from node_rig import NODE, running_node

from segmentation_node.ros.timing_output import STAGES

PANEL = re.compile(r"(Image|Plot|RawMessages|DiagnosticSummary)!\w+")


@pytest.fixture
def layout(repository: Path) -> dict[str, Any]:
    text = (repository / "config" / "foxglove.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def leaves(layout: Any) -> list[str]:
    """The panels of a layout, which is a tree of splits."""
    if isinstance(layout, str):
        return [layout]
    assert layout["direction"] in {"row", "column"}
    return [*leaves(layout["first"]), *leaves(layout["second"])]


def topics_in(config: Any) -> Iterator[str]:
    """Every text of a panel that names a topic, without the field after it."""
    values = config.values() if isinstance(config, dict) else config
    for one in values:
        if isinstance(one, dict | list):
            yield from topics_in(one)
        elif isinstance(one, str) and one.startswith("/"):
            yield one.partition(".")[0]


def test_every_panel_is_laid_out_once(layout: dict[str, Any]) -> None:
    panels = leaves(layout["layout"])
    assert sorted(panels) == sorted(layout["configById"])
    assert all(PANEL.fullmatch(panel) for panel in panels)


def test_every_stage_is_plotted(layout: dict[str, Any]) -> None:
    plots = [one for name, one in layout["configById"].items() if name.startswith("Plot")]
    paths = [path for plot in plots for path in plot["paths"]]
    wanted = {f"{NODE}/timing/{stage}_ms.data" for stage in STAGES}
    assert {path["value"] for path in paths} == wanted
    # Without these a path is not drawn.
    assert all(path["enabled"] and path["timestampMethod"] for path in paths)


@pytest.mark.dds
def test_every_topic_is_one_of_the_node(
    domain_id: int, observer: Observer, layout: dict[str, Any]
) -> None:
    for rig in running_node(domain_id, observer):
        rig.connect()
        published = {
            name for name, _ in observer.node.get_publisher_names_and_types_by_node(NODE[1:], "/")
        }
        heard = {
            name for name, _ in observer.node.get_subscriber_names_and_types_by_node(NODE[1:], "/")
        }
        shown = set(topics_in(layout["configById"]))
        assert shown <= published | heard
        assert {"/camera/image_raw", f"{NODE}/overlay", f"{NODE}/legend", "/diagnostics"} <= shown
