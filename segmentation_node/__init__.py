"""Real-time semantic segmentation of driving scenes, for ROS 2 and as a plain library."""

from __future__ import annotations

__version__ = "0.1.0"
