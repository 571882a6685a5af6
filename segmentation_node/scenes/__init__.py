"""Renders driving scenes with exact labels, by day, dusk, night and rain."""

from __future__ import annotations

from segmentation_node.scenes.drive import CONDITIONS, Drive, render_still

__all__ = ["CONDITIONS", "Drive", "render_still"]
