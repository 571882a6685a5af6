"""The two commands of a fresh machine, as far as the shell that calls them can spoil them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCED = {
    "AMENT_PREFIX_PATH": "/opt/ros/jazzy",
    "PYTHONPATH": "/opt/ros/jazzy/lib/python3.12/site-packages",
    "LD_LIBRARY_PATH": "/opt/ros/jazzy/lib",
    "RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp",
}


def seen_by(target: str, **environment: str) -> set[str]:
    """The names of the variables that the programs of a target see, of those of a sourced ROS."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    clean = {name: text for name, text in os.environ.items() if name not in SOURCED}
    done = subprocess.run(
        [make, "--eval", f"{target}: ; @env", target],
        cwd=REPOSITORY,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.partition("=")[0] for line in done.stdout.splitlines()} & set(SOURCED)


def test_a_sourced_ros_does_not_reach_into_the_virtual_environment() -> None:
    assert seen_by("probe", **SOURCED) == set()


def test_what_a_user_set_without_a_ros_stays() -> None:
    cuda = {"LD_LIBRARY_PATH": "/usr/local/cuda/lib64"}
    assert seen_by("probe", **cuda) == {"LD_LIBRARY_PATH"}


def test_a_gpu_is_checked_with_the_libraries_that_were_given() -> None:
    assert seen_by("gpu-probe", **SOURCED) == set(SOURCED)
