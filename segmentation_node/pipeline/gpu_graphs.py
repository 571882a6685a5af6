"""Enqueues frames as CUDA graphs where they can be captured, and call by call where not."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from segmentation_node.cuda.captures import CAPTURES
from segmentation_node.cuda.gpu import Gpu, Graph, Stream
from segmentation_node.cuda.owned import Owned
from segmentation_node.errors import EngineError

_KEPT = 4
"""Graphs for each image of a run: of each combination of frames, and of outputs that listeners ask
for in turns."""

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
    """The graphs of one run: of each combination of frames and outputs, from the second time on.

    The first time it is enqueued plainly, as runtimes set up on their first run what they may not
    while they are captured.

    Args:
        gpu: The GPU.
        stream: The run's stream.
        use: Whether graphs are wanted; shared by all runs of a pipeline.
        prove: Waits for an execution and reads its times, which a graph must bear.
        images: How many frames a run takes at most.
    """

    def __init__(
        self,
        gpu: Gpu,
        stream: Stream,
        use: GraphUse,
        prove: Callable[[], object],
        images: int = 1,
    ) -> None:
        self._gpu = gpu
        self._prove = prove
        self._stream = stream
        self._use = use
        self._graphs: dict[Hashable, Graph] = {}
        self._most = _KEPT * images
        # Of several frames not always the same ones come together.
        self._enqueued: deque[Hashable] = deque(maxlen=1 if images == 1 else self._most)

    def will_capture(self, key: Hashable) -> bool:
        """Whether what comes next will be captured; nothing else may be under way then."""
        is_due = key in self._enqueued and key not in self._graphs
        return is_due and self._use.wanted and CAPTURES.are_possible

    def run(self, key: Hashable, enqueue: Callable[[], None], may_capture: bool) -> None:
        """Enqueue an execution and return at once; the run's execution before it is done.

        Args:
            key: Everything that the calls depend on.
            enqueue: Enqueues it call by call.
            may_capture: What `will_capture` said of it, and nothing else is under way.

        Raises:
            EngineError: CUDA, or the engine, refuses.
        """
        graph = self._graphs.pop(key, None)
        if graph is not None:
            # The one that was launched longest ago is the first to make room.
            self._graphs[key] = graph
            graph.launch(self._stream)
        elif not (may_capture and self._capture(key, enqueue)):
            enqueue()
            if key not in self._enqueued:
                self._enqueued.append(key)

    def _capture(self, key: Hashable, enqueue: Callable[[], None]) -> bool:
        """Capture a frame and run it; False where the frame is still to be run."""
        try:
            with CAPTURES.one() as may, Owned() as undo:
                if not may:
                    return False
                graph = undo.keep(self._gpu.capture(self._stream, enqueue))
                graph.launch(self._stream)
                self._prove()
                undo.pop_all()
        except EngineError as error:
            self._use.fail(error)
            return False
        self._use.succeed()
        self._graphs[key] = graph
        if len(self._graphs) > self._most:
            self._graphs.pop(next(iter(self._graphs))).free()
        return True

    def free(self) -> None:
        """Give the graphs back; none may be under way."""
        with Owned() as owned:
            while self._graphs:
                owned.keep(self._graphs.popitem()[1])
