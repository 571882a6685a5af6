"""Enqueues frames as CUDA graphs where they can be captured, and call by call where not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from segmentation_node.cuda.captures import CAPTURES
from segmentation_node.cuda.gpu import Gpu, Graph, Stream
from segmentation_node.cuda.owned import Owned
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.buffers import Outputs

_KEPT = 4
"""Graphs of one slot: of each combination of outputs that listeners ask for in turns."""

_TRIALS = 2
"""Captures in a row that may fail: another library in the process may have spoiled the first."""

_log = logging.getLogger("segmentation_node")


@dataclass
class GraphUse:
    """Whether a pipeline's frames go out as graphs; two captures in a row that fail end it.

    Args:
        wanted: Whether graphs are to be captured.
        captured: How many were.
        failed: How many failed since the latest of them.
        problem: Why none is there; empty where there is one.
    """

    wanted: bool = True
    captured: int = 0
    failed: int = 0
    problem: str = ""

    def succeed(self) -> None:
        """Note that a graph was captured and has borne its first frame."""
        self.captured += 1
        self.failed, self.problem = 0, ""

    def fail(self, error: EngineError) -> None:
        """Note that a capture failed; where the one before it did too, enqueue plainly for good."""
        self.failed += 1
        self.problem = error.received
        if self.failed < _TRIALS:
            _log.info("a frame could not be captured, and another one will be tried: %s", error)
            return
        self.wanted = False
        _log.warning("frames are enqueued call by call, as no CUDA graph can be made: %s", error)

    def __str__(self) -> str:
        if self.wanted and self.captured:
            return "CUDA graph"
        return "plain enqueue" + (f" ({self.problem})" if self.problem else "")


class FrameGraphs:
    """The graphs of one slot: of each combination of outputs, from its second frame on.

    The first frame is enqueued plainly, as runtimes set up on their first run what they may not
    while they are captured.

    Args:
        gpu: The GPU.
        stream: The slot's stream.
        use: Whether graphs are wanted; shared by all slots of a pipeline.
        prove: Waits for a frame and reads its times, which a graph must bear.
    """

    def __init__(
        self, gpu: Gpu, stream: Stream, use: GraphUse, prove: Callable[[], object]
    ) -> None:
        self._gpu = gpu
        self._prove = prove
        self._stream = stream
        self._use = use
        self._graphs: dict[Outputs, Graph] = {}
        self._enqueued: Outputs | None = None

    def will_capture(self, outputs: Outputs) -> bool:
        """Whether the next frame will be captured; nothing else may be under way then."""
        key = _key(outputs)
        is_due = key == self._enqueued and key not in self._graphs
        return is_due and self._use.wanted and CAPTURES.are_possible

    def run(self, outputs: Outputs, enqueue: Callable[[Outputs], None], may_capture: bool) -> None:
        """Enqueue a frame and return at once; the slot's frame before it is done.

        Args:
            outputs: What is made of it.
            enqueue: Enqueues it call by call.
            may_capture: What `will_capture` said of it, and nothing else is under way.

        Raises:
            EngineError: CUDA, or the engine, refuses.
        """
        key = _key(outputs)
        graph = self._graphs.get(key)
        if graph is not None:
            graph.launch(self._stream)
        elif not (may_capture and self._capture(key, enqueue)):
            enqueue(key)
            self._enqueued = key

    def _capture(self, key: Outputs, enqueue: Callable[[Outputs], None]) -> bool:
        """Capture a frame and run it; False where the frame is still to be run."""
        try:
            with CAPTURES.one() as may, Owned() as undo:
                if not may:
                    return False
                graph = undo.keep(self._gpu.capture(self._stream, lambda: enqueue(key)))
                graph.launch(self._stream)
                self._prove()
                undo.pop_all()
        except EngineError as error:
            self._use.fail(error)
            return False
        self._use.succeed()
        self._graphs[key] = graph
        if len(self._graphs) > _KEPT:
            self._graphs.pop(next(iter(self._graphs))).free()
        return True

    def free(self) -> None:
        """Give the graphs back; none may be under way."""
        with Owned() as owned:
            while self._graphs:
                owned.keep(self._graphs.popitem()[1])


def _key(outputs: Outputs) -> Outputs:
    """What a graph is made for: the colours' weight is a constant in it, if there is an overlay."""
    return outputs if outputs.overlay else replace(outputs, alpha=0.5)
