"""What a node knows about its own work: ages, stages, deadlines, and the last thing that failed."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segmentation_node.core.timing import RollingStats, StageStats, Stats
from segmentation_node.pipeline.counts import Counts

WINDOW = 300
"""Frames that percentiles are taken over: ten seconds at 30 Hz."""


@dataclass(frozen=True)
class Report:
    """The state of the work at one moment, and what changed since the report before.

    Args:
        period_s: Seconds since the report before, by a monotonic clock.
        counts: What became of all frames.
        recent: What became of the frames of the period.
        input_age: Time from a frame's stamp to its arrival, by the node's clock, milliseconds.
        stages: Time of each stage by name, milliseconds; `total` is arrival to published.
        busy: Time that the slower thread, computing or publishing, had to spend on a frame.
        deadline_ms: Longest `total` allowed; 0 where there is no deadline.
        silence_s: Seconds since the latest frame arrived; None where none ever did.
        stamp_jumps: How often a stamp was older than the one before.
        recent_stamp_jumps: The same within the period.
        deadline_misses: Frames published later than the deadline.
        recent_deadline_misses: The same within the period.
        last_malformation: What was wrong with the latest malformed frame; empty where none was.
        engine_error: Why the engine failed at the latest frame; empty where it did not.
        shares: The share of the budget that each camera uses, where there are several.
    """

    period_s: float
    counts: Counts = field(default_factory=Counts)
    recent: Counts = field(default_factory=Counts)
    input_age: Stats | None = None
    stages: Mapping[str, Stats] = field(default_factory=dict)
    busy: Stats | None = None
    deadline_ms: float = 0.0
    silence_s: float | None = None
    stamp_jumps: int = 0
    recent_stamp_jumps: int = 0
    deadline_misses: int = 0
    recent_deadline_misses: int = 0
    last_malformation: str = ""
    engine_error: str = ""
    shares: tuple[float, ...] = ()

    @classmethod
    def total(cls, reports: Sequence[Report]) -> Report:
        """What several cameras come to together; their percentiles stay theirs.

        Args:
            reports: One for each camera, made at the same time.
        """
        silences = [one.silence_s for one in reports if one.silence_s is not None]
        return cls(
            period_s=max(one.period_s for one in reports),
            counts=Counts.total(one.counts for one in reports),
            recent=Counts.total(one.recent for one in reports),
            deadline_ms=reports[0].deadline_ms,
            silence_s=min(silences, default=None),
            stamp_jumps=sum(one.stamp_jumps for one in reports),
            recent_stamp_jumps=sum(one.recent_stamp_jumps for one in reports),
            deadline_misses=sum(one.deadline_misses for one in reports),
            recent_deadline_misses=sum(one.recent_deadline_misses for one in reports),
            last_malformation=next(filter(None, (one.last_malformation for one in reports)), ""),
            engine_error=next(filter(None, (one.engine_error for one in reports)), ""),
            shares=tuple(one.budget_used for one in reports),
        )

    @property
    def input_rate_hz(self) -> float:
        """Frames per second that arrived in the period."""
        return self.recent.received / self.period_s if self.period_s > 0 else 0.0

    @property
    def rate_hz(self) -> float:
        """Frames per second that were answered in the period."""
        return self.recent.processed / self.period_s if self.period_s > 0 else 0.0

    @property
    def frame_budget_ms(self) -> float:
        """Time that there is for each frame at the rate at which they are to be answered.

        NaN where there are none.
        """
        wanted = self.recent.wanted
        return 1e3 * self.period_s / wanted if wanted > 0 and self.period_s > 0 else float("nan")

    @property
    def budget_used(self) -> float:
        """Share of that time which the slower thread needs for 95 % of the frames.

        Above 1 the node cannot keep up; NaN while there are no figures.
        """
        if self.shares:
            return sum(share for share in self.shares if not math.isnan(share))
        return float("nan") if self.busy is None else self.busy.p95_ms / self.frame_budget_ms


class Monitor:
    """Collects what the threads of a node notice; each call may come from any of them.

    Args:
        deadline_ms: Longest time from arrival to published; 0 sets no deadline.
    """

    def __init__(self, deadline_ms: float = 0.0) -> None:
        self.deadline_ms = deadline_ms
        self._lock = threading.Lock()
        self._ages = RollingStats(WINDOW)
        self._stages = StageStats(WINDOW)
        self._busy = RollingStats(WINDOW)
        self._latest_stamp_ns: int | None = None
        self._latest_arrival: float | None = None
        self._malformation = self._engine_error = ""
        self._jumps = self._misses = 0
        self._reported = (time.monotonic(), Counts(), 0, 0)

    def begin_timing(self) -> None:
        """Forget the times so far: another network computes from now on."""
        with self._lock:
            self._stages, self._busy = StageStats(WINDOW), RollingStats(WINDOW)
            self._engine_error = ""

    def arrived(self, stamp_ns: int, now_ns: int) -> None:
        """Take note of a frame.

        Args:
            stamp_ns: Its stamp, nanoseconds.
            now_ns: The node's clock, nanoseconds; 0 while simulated time has not begun.
        """
        with self._lock:
            self._latest_arrival = time.monotonic()
            latest, self._latest_stamp_ns = self._latest_stamp_ns, stamp_ns
            self._jumps += latest is not None and stamp_ns < latest
            if now_ns:
                self._ages.add((now_ns - stamp_ns) * 1e-6)

    @property
    def silence_s(self) -> float | None:
        """Seconds since the latest frame arrived, by a monotonic clock; None where none did."""
        arrival = self._latest_arrival
        return None if arrival is None else time.monotonic() - arrival

    def malformed(self, sentence: str) -> None:
        """Take note of a frame that could not be read, and why."""
        with self._lock:
            self._malformation = sentence

    def engine_failed(self, sentence: str) -> None:
        """Take note that the engine failed at a frame, and why."""
        with self._lock:
            self._engine_error = sentence

    def published(self, stages_ms: Mapping[str, float], busy_ms: float | None = None) -> None:
        """Take note of an answered frame.

        Args:
            stages_ms: Milliseconds of its stages by name, `total` among them.
            busy_ms: Milliseconds that the slower thread had to spend on it, where that is known.
        """
        with self._lock:
            self._engine_error = ""
            self._stages.add(stages_ms)
            if busy_ms is not None:
                self._busy.add(busy_ms)
            late = stages_ms.get("total", 0.0) > self.deadline_ms
            self._misses += bool(self.deadline_ms) and late

    def report(self, counts: Counts) -> Report:
        """Sum up, and begin a new period.

        Args:
            counts: What became of all frames so far.
        """
        with self._lock:
            now = time.monotonic()
            since, before, jumps, misses = self._reported
            self._reported = (now, counts, self._jumps, self._misses)
            return Report(
                period_s=now - since,
                counts=counts,
                recent=counts.minus(before),
                input_age=self._ages.stats() if self._ages.total else None,
                stages=self._stages.stats(),
                busy=self._busy.stats() if self._busy.total else None,
                deadline_ms=self.deadline_ms,
                silence_s=None if self._latest_arrival is None else now - self._latest_arrival,
                stamp_jumps=self._jumps,
                recent_stamp_jumps=self._jumps - jumps,
                deadline_misses=self._misses,
                recent_deadline_misses=self._misses - misses,
                last_malformation=self._malformation,
                engine_error=self._engine_error,
            )
