"""The node's own program with an engine that a test can hold up or break, by the frame's id.

`hold`: print `held`, and wait until the file named by the first argument exists. `break`: fail as
an engine does. `crash`: raise what nobody foresaw. `die`: raise it outside of any frame, which ends
the computing thread. The same happens to networks that are loaded at the sizes in `LOADING`.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.segmenter import Segmenter
from segmentation_node.ros.node import main

PATIENCE_S = 300.0
RELEASE = Path(sys.argv[1])
LOADING = {"96x128": "hold", "128x128": "break", "160x128": "crash"}
begin, load = Segmenter.begin, Segmenter.load


def hold() -> None:
    print("held", flush=True)
    deadline = time.monotonic() + PATIENCE_S
    while not RELEASE.exists() and time.monotonic() < deadline:
        threading.Event().wait(0.01)


def die(_: Segmenter) -> bool:
    raise ZeroDivisionError("nobody foresaw this")


def hinder(kind: str) -> None:
    if kind == "die":
        Segmenter.is_ready = property(die)  # type: ignore[assignment, method-assign]
    if kind == "hold":
        hold()
    if kind == "break":
        raise EngineError("a failed inference", "logits", "restart the accelerator")
    if kind == "crash":
        raise ZeroDivisionError("nobody foresaw this")


def hindered(
    self: Segmenter, frame: Frame, outputs: Outputs | None = None, into: Buffers | None = None
) -> None:
    hinder(frame.frame_id)
    begin(self, frame, outputs, into)


def hindered_load(*words: Any, **options: Any) -> Segmenter:
    hinder(LOADING.get(str(options["network_size"]), ""))
    return load(*words, **options)


if __name__ == "__main__":
    Segmenter.begin = hindered  # type: ignore[method-assign]
    Segmenter.load = hindered_load  # type: ignore[method-assign]
    sys.exit(main())
