"""Real-time semantic segmentation of driving scenes, for ROS 2 and as a plain library."""

from __future__ import annotations

import os

__version__ = "0.1.0"

LARGEST_IMAGE = 2**26
"""Pixels; no compressed image may announce more (8192x8192)."""

# OpenCV reads it when it is loaded, and holds every format to it. Its own limit is 16 times that:
# a BMP of a thousand bytes would take 3 GB.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(LARGEST_IMAGE))
