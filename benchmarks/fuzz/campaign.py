"""Starts the fuzzer on one reader after the other, and reads what it says of each."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz.targets import TARGETS
from segmentation_node.errors import ConfigError, EngineError
from segmentation_node.installing import pip_install

LARGEST_RSS_MB = 2048
"""Of the process that reads; a hostile size in a header must not reach the allocator."""

LONGEST_S = 20
"""For one input, in seconds."""

LARGEST_INPUT = 2**16

_PULSE = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+).*?rss: (\d+)Mb", re.MULTILINE)
_DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)
_CAUSE = re.compile(r"^(?:\w+(?:Error|Exception)\b.*|==\d+== ?ERROR: .*)$", re.MULTILINE)


@dataclass(frozen=True)
class Limits:
    """When a reader has seen enough.

    Args:
        runs: Inputs.
        seconds: Seconds; 0 for as long as the inputs take.
    """

    runs: int
    seconds: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of one reader.

    Args:
        target: Its name.
        runs: Inputs that it read.
        seconds: How long that took.
        coverage: Branches of Python code that were reached.
        rss_early_mb: Most memory that the process held until a tenth of the inputs, MiB.
        rss_late_mb: The same until the end.
        finding: What went wrong, and the file of the input; empty where nothing did.
    """

    target: str
    runs: int
    seconds: int
    coverage: int
    rss_early_mb: int
    rss_late_mb: int
    finding: str = ""


def fuzz(name: str, output: Path, limits: Limits) -> Outcome:
    """Fuzz one reader in a process of its own.

    Args:
        name: Which, of `TARGETS`.
        output: Folder for the inputs that reached new code, the log and the findings.
        limits: When it is enough.

    Raises:
        ConfigError: There is no such reader.
        EngineError: The fuzzer is not installed.
    """
    if name not in TARGETS:
        raise ConfigError(f"the target {name!r}", "one of " + ", ".join(TARGETS), "choose one")
    if importlib.util.find_spec("atheris") is None:
        fix = f"{pip_install('atheris')} (x86-64)"
        raise EngineError("no atheris in this Python", "the coverage-guided fuzzer", fix)
    findings = output / "findings"
    findings.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.fuzz.guided", name]
    command += [str(output / "inputs" / name), *_options(limits, findings / name)]
    # PNG and JPEG libraries write a line for every damaged image.
    environment = {**os.environ, "OPENCV_LOG_LEVEL": "SILENT", "PYTHONUTF8": "1"}
    with (output / f"{name}.log").open("w+b") as log:
        ended = subprocess.run(
            command, stdout=log, stderr=subprocess.STDOUT, env=environment, check=False
        )
        log.seek(0)
        said = log.read().decode(errors="replace")
    return read_outcome(name, said, ended.returncode)


def read_outcome(name: str, said: str, status: int) -> Outcome:
    """Read what libFuzzer printed.

    Args:
        name: Of the reader.
        said: All that its process printed.
        status: Its exit status; negative for a signal.
    """
    pulses = _pulses(said)
    done = _DONE.search(said)
    runs, seconds = (int(done[1]), int(done[2])) if done else (pulses[-1][0] if pulses else 0, 0)
    early = next((rss for run, _, rss in pulses if run >= runs / 10), 0)
    coverage, late = pulses[-1][1:] if pulses else (0, 0)
    finding = "" if status == 0 and done else _finding(said, status)
    return Outcome(name, runs, seconds, coverage, early, late, finding)


def _pulses(said: str) -> list[tuple[int, int, int]]:
    """Inputs, branches and memory in MiB, each time that they were told."""
    return [(int(run), int(cov), int(rss)) for run, cov, rss in _PULSE.findall(said)]


def _finding(said: str, status: int) -> str:
    cause = _CAUSE.findall(said)
    unit = re.search(r"Test unit written to (\S+)", said)
    what = cause[0].strip() if cause else f"the process ended with status {status}"
    return what[:200] + (f" ({unit[1]})" if unit else "")


def table(outcomes: Sequence[Outcome]) -> str:
    """Write the outcomes as a Markdown table."""
    head = "| reader | inputs | s | branches | largest RSS to a tenth, MiB | to the end | finding |"
    rows = (
        f"| {one.target} | {one.runs} | {one.seconds} | {one.coverage} | {one.rss_early_mb} "
        f"| {one.rss_late_mb} | {one.finding or 'none'} |"
        for one in outcomes
    )
    return "\n".join([head, "|---|" + "---:|" * 5 + "---|", *rows])


def _options(limits: Limits, artifacts: Path) -> list[str]:
    return [
        f"-runs={limits.runs}",
        f"-max_total_time={limits.seconds}",
        f"-timeout={LONGEST_S}",
        f"-rss_limit_mb={LARGEST_RSS_MB}",
        f"-max_len={LARGEST_INPUT}",
        f"-artifact_prefix={artifacts}-",
        "-close_fd_mask=0",
        "-print_final_stats=1",
    ]
