"""What /diagnostics says of the camera's images beside those of the calibration."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from segmentation_node.config import NodeConfig
from segmentation_node.core.drift import DriftSettings
from segmentation_node.pipeline.drift import DriftReport


def settings_of(config: NodeConfig) -> DriftSettings:
    """When the stream counts as drifted, by the node's parameters."""
    return DriftSettings(
        window_s=config.drift_window_s,
        percentile=config.drift_percentile,
        raise_s=config.drift_raise_s,
        clear_s=config.drift_clear_s,
    )


def drift_status(
    name: str, state: str, report: DriftReport | None, hardware_id: str
) -> DiagnosticStatus:
    """The status of a camera's light.

    Args:
        name: Such as `segmentation_node: input drift`.
        state: Lifecycle state, such as `active`.
        report: What the comparison has come to; None while the node is not configured.
        hardware_id: As in the node's other status.
    """
    level, text = _judged(state, report)
    values = (
        [] if report is None else [KeyValue(key=key, value=one) for key, one in _values(report)]
    )
    return DiagnosticStatus(
        level=level,
        name=name,
        message=text,
        hardware_id=hardware_id,
        values=values,
    )


def _judged(state: str, report: DriftReport | None) -> tuple[bytes, str]:
    if report is None or state != "active":
        return DiagnosticStatus.OK, state
    if report.off or report.means is None:
        return DiagnosticStatus.OK, report.off or "no frame yet"
    if report.drifts:
        return DiagnosticStatus.WARN, "; ".join(str(drift) for drift in report.drifts)
    return DiagnosticStatus.OK, "input is as light and colourful as the calibration set"


def _values(report: DriftReport) -> Iterator[tuple[str, str]]:
    if not report.limits:
        return
    yield "calibration_images", str(report.images)
    for figure, (low, high) in report.limits.items():
        mean = "" if report.means is None else f"{getattr(report.means, figure):.1f}"
        yield figure, mean
        yield f"{figure}_limits", f"{low.beyond:.1f} to {high.beyond:.1f}"
    if report.clipped is not None:
        yield "input_clipped_percent", f"{100 * report.clipped:.2f}"
