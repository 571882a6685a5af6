"""Tries things out in a process of their own, so that a crash there is only a finding here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Trial:
    """How it went.

    Args:
        values: What the program found out; empty where it failed.
        problem: Why it failed, in one line; empty where it did not.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def start(
    module: str, *words: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start one of the package's programs on this Python.

    Args:
        module: Its full name.
        words: Its command line.
        environment: Its variables; those of this process when None.
    """
    base = os.environ if environment is None else environment
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**base, "RCUTILS_COLORIZED_OUTPUT": "0"},
    )


def finish(process: subprocess.Popen[str], timeout_s: float = PATIENCE_S) -> Trial:
    """Wait for a program and read what it found out: JSON on its last line.

    Args:
        process: A program from `start`.
        timeout_s: How long it may take; it is killed after that.
    """
    try:
        output, complaints = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Trial(problem=f"no answer within {timeout_s:.0f} s")
    if process.returncode:
        return Trial(problem=_why(process.returncode, complaints))
    return Trial(json.loads(output.splitlines()[-1]))


def run(module: str, *words: str, timeout_s: float = PATIENCE_S) -> Trial:
    """Start a program and wait for it.

    Args:
        module: Its full name.
        words: Its command line.
        timeout_s: How long it may take.
    """
    return finish(start(module, *words), timeout_s)


def _why(status: int, complaints: str) -> str:
    """The signal that ended a program, or the last thing it said."""
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit status {status}"
