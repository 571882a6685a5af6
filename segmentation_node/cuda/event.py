"""Events, by the driver API: PyCUDA's cannot be part of a graph."""

from __future__ import annotations

from typing import Any

from segmentation_node.cuda.driver_api import DriverApi
from segmentation_node.cuda.gpu import Event, Stream


class ApiEvent:
    """A point in a stream.

    Recorded in a stream that is being captured, it becomes a node of the graph, and is recorded at
    each launch (CUDA driver API, cuEventRecordWithFlags).

    Args:
        api: The driver API; a context is current.

    Raises:
        EngineError: CUDA refuses.
    """

    def __init__(self, api: DriverApi) -> None:
        self._api = api
        self.handle: Any = api.call("making an event", "cuEventCreate", 0)

    def record(self, stream: Stream) -> None:
        """Set it behind what is in a stream so far."""
        which = "EXTERNAL" if stream.is_capturing else "DEFAULT"
        flags = int(self._api.constant("CUevent_record_flags", f"CU_EVENT_RECORD_{which}"))
        self._api.call(
            "recording an event", "cuEventRecordWithFlags", self.handle, stream.handle, flags
        )

    def hold(self, stream: Stream) -> None:
        """Let what comes next in a stream wait for where the event was recorded last."""
        self._api.call("waiting for an event", "cuStreamWaitEvent", stream.handle, self.handle, 0)

    def ms_since(self, earlier: Event) -> float:
        """Milliseconds that the GPU took from another event to this one."""
        task = "asking for the time between two events"
        return float(self._api.call(task, "cuEventElapsedTime", earlier.handle, self.handle))

    def free(self) -> None:
        """Give it back; freeing twice does nothing."""
        handle, self.handle = self.handle, None
        if handle is not None:
            self._api.call("freeing an event", "cuEventDestroy", handle)
