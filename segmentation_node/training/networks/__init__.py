"""The networks that can be trained and exported, by name."""

from __future__ import annotations

from segmentation_node.training.networks.registry import (
    NETWORKS,
    NetworkEntry,
    build,
    network_entry,
)

__all__ = ["NETWORKS", "NetworkEntry", "build", "network_entry"]
