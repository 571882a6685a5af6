"""The network that all cameras share: what becomes of it where something fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from segmentation_node.ros.streams import CameraStreams


class Shared(CameraStreams):
    """Streams of which only the exchange of the network is there."""

    def __init__(self, legend: Any) -> None:
        self.used: list[Any] = []
        self._job: Any = SimpleNamespace(labels="eleven classes", use=self.used.append)
        self._legend = legend


def test_a_network_whose_legend_cannot_be_published_is_not_taken_into_use() -> None:
    def fail(_: object) -> None:
        raise RuntimeError("the middleware is gone")

    streams = Shared(SimpleNamespace(publish=fail))
    with pytest.raises(RuntimeError, match="middleware"):
        streams._switch(SimpleNamespace(labels="four classes"))  # type: ignore[arg-type]
    assert streams.used == []


def test_the_legend_comes_before_the_network_and_only_where_it_is_another() -> None:
    legends: list[tuple[Any, int]] = []
    legend = SimpleNamespace(publish=lambda labels: legends.append((labels, len(streams.used))))
    streams = Shared(legend)
    streams._switch(SimpleNamespace(labels="eleven classes"))  # type: ignore[arg-type]
    streams._switch(SimpleNamespace(labels="four classes"))  # type: ignore[arg-type]
    assert legends == [("four classes", 1)]
    assert len(streams.used) == 2
