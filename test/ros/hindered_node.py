"""The node's own program with an engine that a test can hold up or break, by the frame's id.

`hold`: wait until the file named by the first argument exists. `break`: fail as an engine does.
`crash`: raise what nobody foresaw.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.result import Segmentation
from segmentation_node.pipeline.segmenter import Segmenter
from segmentation_node.ros.node import main

PATIENCE_S = 30.0
RELEASE = Path(sys.argv[1])
segment = Segmenter.segment


def hold() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not RELEASE.exists() and time.monotonic() < deadline:
        threading.Event().wait(0.01)


def hindered(
    self: Segmenter, frame: Frame, outputs: Outputs | None = None, into: Buffers | None = None
) -> Segmentation:
    if frame.frame_id == "hold":
        hold()
    if frame.frame_id == "break":
        raise EngineError("a failed inference", "logits", "restart the accelerator")
    if frame.frame_id == "crash":
        raise ZeroDivisionError("nobody foresaw this")
    return segment(self, frame, outputs, into)


if __name__ == "__main__":
    Segmenter.segment = hindered  # type: ignore[method-assign]
    sys.exit(main())
