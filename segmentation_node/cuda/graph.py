"""CUDA graphs, by the driver API: PyCUDA has none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from segmentation_node.cuda.driver_api import DriverApi
from segmentation_node.cuda.gpu import Stream
from segmentation_node.cuda.owned import Owned
from segmentation_node.errors import EngineError


class CapturedGraph:
    """Work that was captured from a stream, ready to be launched.

    Args:
        api: The driver API; a context is current.
        stream: The stream; nothing may be under way in it.
        enqueue: Puts the work into the stream. Nothing of it runs.

    Raises:
        EngineError: Something in it cannot be captured.
    """

    def __init__(self, api: DriverApi, stream: Stream, enqueue: Callable[[], None]) -> None:
        self._api = api
        graph = _captured(api, stream, enqueue)
        with Owned() as undo:
            with Owned() as captured:
                captured.callback(api.call, "freeing a captured graph", "cuGraphDestroy", graph)
                task = "making a CUDA graph ready"
                self._executable: Any = api.call(task, "cuGraphInstantiate", graph, 0)
                undo.keep(self)
            undo.pop_all()

    def launch(self, stream: Stream) -> None:
        """Enqueue it and return at once."""
        self._api.call("launching a CUDA graph", "cuGraphLaunch", self._executable, stream.handle)

    def free(self) -> None:
        """Give it back; freeing twice does nothing."""
        executable, self._executable = self._executable, None
        if executable is not None:
            self._api.call("freeing a CUDA graph", "cuGraphExecDestroy", executable)


def _captured(api: DriverApi, stream: Stream, enqueue: Callable[[], None]) -> Any:
    task = "capturing a frame as a CUDA graph"
    # Calls of other threads that cannot be captured must not spoil this capture.
    mode = api.constant("CUstreamCaptureMode", "CU_STREAM_CAPTURE_MODE_THREAD_LOCAL")
    api.call(task, "cuStreamBeginCapture", stream.handle, mode)
    try:
        with stream.capturing():
            enqueue()
    except BaseException:
        # The stream must leave the capture, which gives no graph where it was spoiled.
        with suppress(EngineError):
            graph = api.call(task, "cuStreamEndCapture", stream.handle)
            api.call("freeing a captured graph", "cuGraphDestroy", graph)
        raise
    return api.call(task, "cuStreamEndCapture", stream.handle)
