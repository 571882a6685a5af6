"""Files that are there whole or not at all: the ground's own, under the name it had here."""

from __future__ import annotations

from segmentation_node.files import write_whole

__all__ = ["write_whole"]
