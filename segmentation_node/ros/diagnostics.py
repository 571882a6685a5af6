"""What the node says of itself on /diagnostics, and how serious it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.time import Time

from segmentation_node.pipeline.drift import DriftReport
from segmentation_node.pipeline.monitor import Report
from segmentation_node.ros.drift import drift_status

SKIPPED_SHARE = 0.1
"""Frames skipped, as a share of those within the rate limit, above which there is a warning."""

QUIET_PERIODS = 3.0
"""Diagnostics periods without a frame after which the input counts as gone."""

SHORTEST_QUIET_S = 2.0
"""Seconds without a frame that are never called quiet, however short the period."""


@dataclass(frozen=True)
class Health:
    """All that the diagnostics are made from.

    Args:
        name: Full name of the node.
        state: Lifecycle state, such as `active`.
        report: The figures; None while the node is not configured.
        topic: The topic of the camera images; empty while it is not subscribed to.
        publishers: How many publishers that topic has.
        input_faults: What keeps the frames of those publishers away, one sentence each.
        refusal: Why the latest configuring or activating failed; empty where it did not.
        facts: What is in use (model, engine, device, precision, sizes), by key.
        drift: How the input compares with the calibration set; None while the node is not
            configured.
        trouble: What is wrong with the network, or its exchange; empty where nothing is.
        camera: Name of the camera that it is about; empty where that has none, or it is about all.
        is_sum: Whether it is about all cameras together, each with a health of its own.
    """

    name: str
    state: str
    report: Report | None = None
    topic: str = ""
    publishers: int = 0
    input_faults: tuple[str, ...] = ()
    refusal: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    drift: DriftReport | None = None
    trouble: str = ""
    camera: str = ""
    is_sum: bool = False

    def called(self, task: str) -> str:
        """The name of a status, as diagnostic_updater forms it: node, then task."""
        return f"{self.name.lstrip('/')}: {f'{self.camera} {task}' if self.camera else task}"


def message(
    healths: Iterable[Health], now: Time, more: Iterable[DiagnosticStatus] = ()
) -> DiagnosticArray:
    """The message for /diagnostics.

    Args:
        healths: What is to be said: of the node, and of each camera where there are several.
        now: The node's clock.
        more: What others have to say.
    """
    ours = [one for health in healths for one in _statuses(health)]
    array = DiagnosticArray(status=[*ours, *more])
    array.header.stamp = now.to_msg()
    return array


def _statuses(health: Health) -> Iterator[DiagnosticStatus]:
    level, text = judged(health)
    values = [KeyValue(key=key, value=value) for key, value in _values(health)]
    # As diagnostic_updater says it of what has no hardware (yet).
    device = str(health.facts.get("device", "none"))
    yield DiagnosticStatus(
        # Older releases of the message take the level as bytes only.
        level=level,
        name=health.called("segmentation"),
        message=text,
        hardware_id=device,
        values=values,
    )
    if not health.is_sum:
        yield drift_status(health.called("input drift"), health.state, health.drift, device)


def judged(health: Health) -> tuple[bytes, str]:
    """The level of the diagnostics, and the one sentence that explains it."""
    report = health.report
    if health.refusal:
        return DiagnosticStatus.ERROR, health.refusal
    if report is None or health.state != "active":
        level = DiagnosticStatus.WARN if health.trouble else DiagnosticStatus.OK
        return level, health.trouble or health.state
    if report.engine_error:
        return DiagnosticStatus.ERROR, f"the engine failed: {report.engine_error}"
    # Publishers that are not heard are worth a warning; where there are none it is just quiet.
    if _is_quiet(report) and not health.input_faults and not health.trouble:
        return DiagnosticStatus.STALE, _silence(health, report)
    warnings = [*filter(None, [health.trouble]), *health.input_faults, *_warnings(report)]
    if warnings:
        return DiagnosticStatus.WARN, "; ".join(warnings)
    return DiagnosticStatus.OK, f"{report.rate_hz:.1f} frames/s"


def _is_quiet(report: Report) -> bool:
    if report.silence_s is None:
        return True
    return report.silence_s > max(QUIET_PERIODS * report.period_s, SHORTEST_QUIET_S)


def _silence(health: Health, report: Report) -> str:
    since = "yet" if report.silence_s is None else f"for {report.silence_s:.0f} s"
    publishers = f"{health.publishers} publisher" + ("" if health.publishers == 1 else "s")
    return f"no frame on {health.topic} {since} ({publishers} there)"


def _warnings(report: Report) -> Iterator[str]:
    recent = report.recent
    if recent.malformed:
        yield f"{recent.malformed} malformed, the last: {report.last_malformation}"
    if recent.failed:
        yield f"{recent.failed} frames lost to errors, see the log"
    if recent.skipped > SKIPPED_SHARE * recent.wanted:
        yield f"{recent.skipped} of {recent.wanted} frames skipped: they come too fast"
    if report.recent_deadline_misses:
        yield f"{report.recent_deadline_misses} frames over the deadline"
    if report.recent_stamp_jumps:
        yield f"stamps jumped back {report.recent_stamp_jumps} times (a looping bag?)"


def _values(health: Health) -> Iterator[tuple[str, str]]:
    yield "state", health.state
    yield "input_topic", health.topic
    yield from ((key, str(value)) for key, value in health.facts.items())
    if health.report is not None:
        yield from _figures(health.report)


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    yield "input_rate_hz", f"{report.input_rate_hz:.2f}"
    yield "rate_hz", f"{report.rate_hz:.2f}"
    yield from ((key, str(count)) for key, count in asdict(report.counts).items())
    yield "lost", str(report.lost)
    yield "lost_percent", f"{100 * report.recent_loss.share:.1f}"
    yield "zero_stamps", str(report.zero_stamps)
    yield "last_malformation", report.last_malformation
    yield "stamp_jumps", str(report.stamp_jumps)
    yield "deadline_ms", f"{report.deadline_ms:g}" if report.deadline_ms else "none"
    yield "deadline_misses", str(report.deadline_misses)
    yield "frame_budget_ms", _ms(report.frame_budget_ms)
    yield "frame_budget_used_percent", _percent(report.budget_used)
    timings = dict(report.stages)
    if report.input_age is not None:
        timings["input_age"] = report.input_age
    for name, stats in timings.items():
        for percentile in ("p50", "p95", "p99"):
            yield f"{name}_{percentile}_ms", _ms(getattr(stats, f"{percentile}_ms"))


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share:.0f}"


def _ms(duration_ms: float) -> str:
    return "" if math.isnan(duration_ms) else f"{duration_ms:.3f}"
