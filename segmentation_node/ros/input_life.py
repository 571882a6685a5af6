"""The life of a camera's stream in the log, one line for each thing that happens."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmentation_node.ros.input_faults import Sight

RATE_S = 2.0
"""Seconds of a new stream after which its rate is told."""

CHANGE_S = 10.0
"""Seconds between two changes of the images that are told: those of two cameras take turns."""


class InputLife:
    """Tells of the first images and of others later, of a camera that goes, and that comes back.

    Args:
        tell: Logs a sentence.
        now_s: A steady clock, seconds.
    """

    def __init__(
        self, tell: Callable[[str], None], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._now_s = now_s
        self._senders = self._gone = self._image = ""
        self._began: tuple[float, int] | None = None
        self._is_told = False
        self._changed_s = -math.inf

    def judge(self, sight: Sight) -> None:
        """Compare what is seen with what was seen before."""
        senders = " and ".join(str(one) for one in sight.images)
        if self._senders and not senders:
            self._gone = self._senders
            self._tell(f"camera gone: {self._gone} no longer publishes {sight.topic}")
        elif self._gone and senders:
            self._gone = ""
            self._tell(f"camera back: {senders} publishes {sight.topic}")
        self._senders = senders
        if not self._is_told:
            self._look_for_first(sight)
        elif sight.image != self._image and self._now_s() - self._changed_s >= CHANGE_S:
            self._changed_s = self._now_s()
            self._tell(f"images on {sight.topic} are now {sight.image}, before {self._image}")
            self._image = sight.image

    def _look_for_first(self, sight: Sight) -> None:
        now_s = self._now_s()
        if not sight.received or not sight.image:
            return
        if self._began is None:
            self._began = now_s, sight.received
        since_s, before = self._began
        if now_s - since_s < RATE_S:
            return
        self._is_told, self._image = True, sight.image
        rate_hz = (sight.received - before) / (now_s - since_s)
        senders = self._senders or "a publisher that is gone"
        # Where nearly all are lost, there may have been none since the first.
        rate = f", {rate_hz:.1f} Hz" if rate_hz > 0 else ""
        self._tell(f"images on {sight.topic}: {sight.image}{rate}, from {senders}")
