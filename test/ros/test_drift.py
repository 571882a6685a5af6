"""The status `input drift`: what is said in each case; and over DDS, darkness and its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from dds import Observer, claimed_domain, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from node_rig import EVERY, Rig, image_message, running_node, stamped
from small_network import calibrated_by_day, onnx_bytes, write_network

from segmentation_node.config import PARAMETERS, NodeConfig
from segmentation_node.core.drift import Drift, DriftSettings, Limits
from segmentation_node.core.image_statistics import ImageStatistics
from segmentation_node.pipeline.drift import DriftReport
from segmentation_node.ros.drift import drift_status, settings_of

LIMITS = {"luminance": (Limits("darker", False, 50.5, 55), Limits("brighter", True, 150.0, 145))}
MEANS = ImageStatistics(20.04, 5.0, 6.0)
DARK = Drift("darker", 99.0, 12.3, is_beyond=True)
OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN


def status(report: DriftReport | None, state: str = "active") -> DiagnosticStatus:
    return drift_status("front/segmentation_node: input drift", state, report, "CPU")


@pytest.mark.parametrize(
    ("report", "state", "level", "said"),
    [
        (None, "unconfigured", OK, "unconfigured"),
        (DriftReport(limits=LIMITS), "inactive", OK, "inactive"),
        (DriftReport("no calibration statistics in the sidecar"), "active", OK, "no calibration"),
        (DriftReport(limits=LIMITS), "active", OK, "no frame yet"),
        (DriftReport(limits=LIMITS, means=MEANS), "active", OK, "as light and colourful"),
        (
            DriftReport(limits=LIMITS, means=MEANS, drifts=(DARK,)),
            "active",
            WARN,
            "input is darker than 99 % of the calibration set for 12 s",
        ),
        (DriftReport("not sampled", means=MEANS, drifts=(DARK,)), "active", OK, "not sampled"),
    ],
)
def test_level_and_sentence(
    report: DriftReport | None, state: str, level: bytes, said: str
) -> None:
    found = status(report, state)
    assert (found.level, found.name) == (level, "front/segmentation_node: input drift")
    assert found.hardware_id == "CPU"
    assert said in found.message


def test_the_figures_stand_beside_their_limits() -> None:
    report = DriftReport(images=60, limits=LIMITS, means=MEANS, clipped=0.0123)
    assert {value.key: value.value for value in status(report).values} == {
        "calibration_images": "60",
        "luminance": "20.0",
        "luminance_limits": "50.5 to 150.0",
        "input_clipped_percent": "1.23",
    }


def test_without_statistics_there_are_no_figures() -> None:
    assert not status(DriftReport("no calibration statistics in the sidecar")).values


def test_the_settings_are_the_nodes_parameters() -> None:
    config = NodeConfig(
        drift_window_s=1.0, drift_percentile=98.0, drift_raise_s=2.0, drift_clear_s=3.0
    )
    assert settings_of(config) == DriftSettings(1.0, 98.0, 2.0, 3.0)
    assert settings_of(NodeConfig()) == DriftSettings()


def test_the_page_on_drift_lists_the_parameters_as_they_are(repository: Path) -> None:
    page = (repository / "docs" / "drift.md").read_text(encoding="utf-8")
    drift = [one for name, one in PARAMETERS.items() if name.startswith("drift_")]
    assert len(drift) == 4
    for one in drift:
        row = f"| `{one.name}` | {one.default:g} {one.unit} | {one.low:g} to {one.high:g} |"
        assert row in page
        assert one.live


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A node with a tiny network that was calibrated by day."""
    network = write_network(tmp_path, calibration=calibrated_by_day())
    parameters = {**EVERY, "model": str(network), "network_size": "64x96", "drift_window_s": 2.0}
    with claimed_domain() as domain_id, Observer(domain_id) as observer:
        for one in running_node(domain_id, observer, **parameters):
            one.connect()
            yield one


def show(rig: Rig, level: int, seconds: range) -> None:
    """Send an image of one grey for each of some seconds: time passes by their stamps alone."""
    for second in seconds:
        rig.ask(stamped(image_message(np.full((48, 64, 3), level, np.uint8)), second))


def said(rig: Rig) -> DiagnosticStatus:
    """The latest status on drift."""
    [found] = [one for one in rig.diagnostics[-1].status if one.name.endswith(": input drift")]
    return found


def drift_becomes(rig: Rig, level: bytes, words: str) -> DiagnosticStatus:
    """Wait until the latest status on drift has that level and these words."""
    wait_until(lambda: (said(rig).level, words in said(rig).message) == (level, True), words)
    return said(rig)


@pytest.mark.dds
def test_darkness_is_warned_of_in_the_diagnostics_and_the_warning_ends(rig: Rig) -> None:
    drift_becomes(rig, OK, "no frame yet")
    show(rig, 100, range(1000, 1004))
    drift_becomes(rig, OK, "as light and colourful")
    show(rig, 20, range(1004, 1012))
    # Half of two seconds dark at 1004; five seconds later it is warned of.
    warned = drift_becomes(rig, WARN, "input is darker than 99 % of the calibration set for 7 s")
    values = {one.key: one.value for one in warned.values}
    assert (values["luminance"], values["luminance_limits"]) == ("20.0", "90.2 to 109.8")
    # With a mean of 120 and a deviation of 60 in blue, 20 is 1.7 deviations away: it clips.
    assert float(values["input_clipped_percent"]) > 0
    show(rig, 100, range(1012, 1019))
    drift_becomes(rig, OK, "as light and colourful")
    assert rig.set_parameter("drift_raise_s", 1.0) == ""
    show(rig, 200, range(1019, 1023))
    drift_becomes(rig, WARN, "input is brighter than 99 % of the calibration set for 3 s")
    assert "out of range" in rig.set_parameter("drift_percentile", 101.0)


@pytest.mark.dds
def test_int8_that_nobody_held_against_float_is_warned_of(tmp_path: Path) -> None:
    network = write_network(tmp_path, onnx_bytes(quantised=True), calibration=calibrated_by_day())
    given = {"model": str(network), "network_size": "64x96", "precision": "auto"}
    with claimed_domain() as domain_id, Observer(domain_id) as observer:
        for rig in running_node(domain_id, observer, **EVERY, **given):
            assert rig.program.wait_for_line(r"\[WARN\].*nobody has held against its float")
            rig.connect()
            rig.ask(image_message(np.full((48, 64, 3), 100, np.uint8)))
            told = rig.diagnostics.wait_for(
                lambda one: "nobody has held" in one.status[0].message, "the warning"
            )
            assert told.status[0].level == WARN
