"""What the player did: when each message went out, and how late."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from segmentation_node.files import write_whole

_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}
_LATEST = 1 << 17  # messages that the percentiles are taken over: a bag can loop for days


class PlayReport:
    """Collects how late messages went out; nothing is computed while the replay runs.

    Attributes:
        total: Messages that one lap of the replay holds.
        malformed: Images that could not be decoded and were left out.
        sent: Messages published so far.

    Args:
        total: Messages that one lap of the replay holds.
        keeps_rows: Whether a row is kept for each message, to be written at the end.
    """

    COLUMNS = ("topic", "bag_time_ns", "stamp_ns", "late_ns")

    def __init__(self, total: int, *, keeps_rows: bool = False) -> None:
        self.total = total
        self.malformed = self.sent = 0
        self._late_ns: deque[int] = deque(maxlen=_LATEST)
        self._longest_ns = 0
        self._keeps_rows = keeps_rows
        self._rows: list[tuple[str, int, int, int]] = []

    def add(self, topic: str, bag_time_ns: int, stamp_ns: int, late_ns: int) -> None:
        """Note a message.

        Args:
            topic: Its topic in the bag.
            bag_time_ns: When it was recorded, ns since the epoch.
            stamp_ns: When it was published, ns since the epoch.
            late_ns: How long after its moment that was, ns.
        """
        self.sent += 1
        self._late_ns.append(late_ns)
        self._longest_ns = max(self._longest_ns, late_ns)
        if self._keeps_rows:
            self._rows.append((topic, bag_time_ns, stamp_ns, late_ns))

    def summary(self) -> dict[str, Any]:
        """The figures: messages sent, images left out, and how late messages went out."""
        late_ms = np.array(self._late_ns or [0]) * 1e-6
        values = np.percentile(late_ms, list(_PERCENTILES.values())).round(3).tolist()
        late = dict(zip(_PERCENTILES, values, strict=True)) | {
            "max": round(self._longest_ns * 1e-6, 3)
        }
        return {"sent": self.sent, "malformed": self.malformed, "late_ms": late}

    def write(self, path: Path) -> None:
        """Write every row as JSON.

        Raises:
            OutputError: The file cannot be written.
        """
        write_whole(path, json.dumps({"columns": self.COLUMNS, "rows": self._rows}).encode())
