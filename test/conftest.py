"""What every test shares: no skip or second attempt goes unnoticed, data is found or named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

try:
    import hypothesis
except ImportError:  # only some environments run tests that need it
    hypothesis = None  # type: ignore[assignment]

# Fixtures for programs that talk over DDS, and small data sets, for every folder of tests.
pytest_plugins = ["dds", "small_datasets"]

REPOSITORY = Path(__file__).resolve().parent.parent
SKIPS_FILE = Path(__file__).with_name("allowed_skips.txt")


if hypothesis is not None:
    # Hypothesis times each example, and a machine that stands still for a moment would fail it.
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("untimed")


def allowed_reasons() -> list[str]:
    lines = SKIPS_FILE.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


class SkipLedger:
    """Collects every skip of the run; one that no committed reason covers fails the run."""

    def __init__(self) -> None:
        self.skips: dict[str, list[str]] = {}

    def note(self, nodeid: str, longrepr: object) -> None:
        text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
        self.skips.setdefault(str(text).removeprefix("Skipped: "), []).append(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.note(report.nodeid, report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.note(report.nodeid, report.longrepr)

    def unexpected(self) -> list[str]:
        allowed = allowed_reasons()
        return [reason for reason in self.skips if not any(part in reason for part in allowed)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unexpected() and session.exitstatus in {0, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.skips:
            return
        terminalreporter.section("skipped, by reason")
        unexpected = set(self.unexpected())
        for reason, nodes in sorted(self.skips.items()):
            mark = "NOT IN allowed_skips.txt" if reason in unexpected else "allowed"
            terminalreporter.write_line(f"{len(nodes):4d}  {reason}  [{mark}]")


class SecondAttempts:
    """Prints every test over DDS that failed at first; more than a few of them fail the run.

    Processes that share two cores with other work lose a race now and then that is nobody's
    fault: a farewell of DDS that is not heard, a second without a processor. One such test in five
    hundred is luck, and with why it failed it stands in the report; many are a fault.
    """

    ALLOWED = 3

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]  # pytest-rerunfailures'
            self.failures[report.nodeid] = report.longreprtext

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if len(self.failures) > self.ALLOWED and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.failures:
            return
        allowed = f"{len(self.failures)} of {self.ALLOWED} allowed"
        terminalreporter.section(f"needed a second attempt ({allowed})")
        for nodeid, why in self.failures.items():
            terminalreporter.write_sep("_", nodeid)
            terminalreporter.write_line(why)


def pytest_configure(config: pytest.Config) -> None:
    # Under pytest-xdist only the controller keeps the ledgers: the workers report to it.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipLedger(), "skip-ledger")
        config.pluginmanager.register(SecondAttempts(), "second-attempts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if item.get_closest_marker("dds"):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def camvid() -> Path:
    """The folder of CamVid (train/ and val/), or a skip that says that it is not here."""
    beside = REPOSITORY.parent / "shared" / "camvid"
    folder = Path(os.environ.get("SEGMENTATION_CAMVID", beside))
    if not (folder / "val" / "images").is_dir():
        pytest.skip("CamVid is not on this machine")
    return folder
