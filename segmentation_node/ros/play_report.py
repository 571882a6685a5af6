"""What the player did: when each message went out, and how late."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from segmentation_node.files import write_whole

_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99, "max": 100}


class PlayReport:
    """Collects a row per message; nothing is computed while the replay runs.

    Attributes:
        total: Messages that one lap of the replay holds.
        malformed: Images that could not be decoded and were left out.

    Args:
        total: Messages that one lap of the replay holds.
    """

    COLUMNS = ("topic", "bag_time_ns", "stamp_ns", "late_ns")

    def __init__(self, total: int) -> None:
        self.total = total
        self.malformed = 0
        self._rows: list[tuple[str, int, int, int]] = []

    @property
    def sent(self) -> int:
        """Messages published so far."""
        return len(self._rows)

    def add(self, topic: str, bag_time_ns: int, stamp_ns: int, late_ns: int) -> None:
        """Note a message.

        Args:
            topic: Its topic in the bag.
            bag_time_ns: When it was recorded, ns since the epoch.
            stamp_ns: When it was published, ns since the epoch.
            late_ns: How long after its moment that was, ns.
        """
        self._rows.append((topic, bag_time_ns, stamp_ns, late_ns))

    def summary(self) -> dict[str, Any]:
        """The figures: messages sent, images left out, and how late messages went out."""
        late_ms = [row[3] / 1e6 for row in self._rows] or [0.0]
        values = np.percentile(late_ms, list(_PERCENTILES.values())).round(3).tolist()
        late = dict(zip(_PERCENTILES, values, strict=True))
        return {"sent": self.sent, "malformed": self.malformed, "late_ms": late}

    def write(self, path: Path) -> None:
        """Write every row as JSON.

        Raises:
            OutputError: The file cannot be written.
        """
        write_whole(path, json.dumps({"columns": self.COLUMNS, "rows": self._rows}).encode())
