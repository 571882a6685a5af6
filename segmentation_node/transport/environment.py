"""Decides what a process, or those that it starts, get set for DDS and for the allocator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segmentation_node.resources import share_directory
from segmentation_node.transport import allocator

# The first name is read by Fast DDS 2.12 and later (Jazzy, Kilted), the second before (Humble).
PROFILE_VARIABLES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")


@dataclass(frozen=True)
class TransportPlan:
    """What is to be set, and why.

    Attributes:
        variables: Environment variables to add; empty where nothing is to be changed.
        profile: The Fast DDS profile that will be loaded, whoever chose it; None for the defaults.
        notes: Sentences for the log: what was found and what was left alone.
    """

    variables: Mapping[str, str]
    profile: Path | None
    notes: tuple[str, ...]


def plan(base: Mapping[str, str] | None = None) -> TransportPlan:
    """Choose the settings for images over DDS; the user's own always win.

    Args:
        base: The environment to start from; this process's own when None.
    """
    base = os.environ if base is None else base
    profile = share_directory() / "config" / "fastdds_shm.xml"
    variables = dict.fromkeys(PROFILE_VARIABLES, str(profile))
    if any(name in base for name in PROFILE_VARIABLES):
        variables = {}
    if allocator.set_by_user(base) is None:
        variables.update(allocator.variables())
    return TransportPlan(variables, profile, ())


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables to add to the environment of a process that handles images.

    Args:
        base: The environment to start from; this process's own when None.
    """
    return dict(plan(base).variables)


def prepare_process() -> TransportPlan:
    """Apply the settings to this process and to those that it will start.

    To be called before rclpy is imported: Fast DDS reads its environment once.
    """
    chosen = plan()
    os.environ.update(chosen.variables)
    if set(allocator.SETTINGS) <= set(chosen.variables):
        allocator.apply()
    return chosen
