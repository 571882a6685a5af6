"""Shared memory: room for images, the DDS profile in use, and what killed processes left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from segmentation_node.doctor.finding import Finding
from segmentation_node.transport import plan, shm
from segmentation_node.transport.shm import Segment

TOPIC = "shared memory"
_MIB = 1 << 20


def examine() -> Iterator[Finding]:
    """Look at /dev/shm and at what would be set for a node."""
    yield _profile()
    found = shm.segments()
    yield _abandoned([one for one in found if not one.in_use])
    yield _neighbours([one for one in found if one.in_use])


def clean() -> str:
    """Remove what killed processes of this user left, and say so in one line."""
    return f"removed {_sum(shm.remove_stale(shm.segments()))} of killed processes from {shm.FOLDER}"


def _sum(segments: Sequence[Segment]) -> str:
    size_mib = sum(one.size_bytes for one in segments) / _MIB
    plural = "" if len(segments) == 1 else "s"
    return f"{len(segments)} shared-memory file{plural} ({size_mib:.0f} MiB)"


def _profile() -> Finding:
    """The room, and what of the shipped settings applies."""
    chosen = plan()
    room = shm.room()
    size = "none" if room is None else f"{room.free_bytes // _MIB} of {room.total_bytes // _MIB}"
    found = "; ".join((f"{size} MiB of {shm.FOLDER} free", *chosen.notes))
    if chosen.warnings:
        return Finding(TOPIC, "images over DDS", "warn", found, " ".join(chosen.warnings))
    return Finding(TOPIC, "images over DDS", "ok", found)


def _abandoned(stale: Sequence[Segment]) -> Finding:
    """Segments cost memory until they are removed; ports are taken up again by their owner."""
    name = "left by killed processes"
    if any(one.uid != os.getuid() for one in stale):
        remedy = "segmentation doctor --clean-shm as their owner: they can block other users' nodes"
        return Finding(TOPIC, name, "warn", f"{_sum(stale)}, some of another user", remedy)
    if any(not one.is_port for one in stale):
        remedy = "segmentation doctor --clean-shm; the next start of a node does it as well"
        return Finding(TOPIC, name, "warn", _sum(stale), remedy)
    return Finding(TOPIC, name, "ok", _sum(stale))


def _neighbours(living: Sequence[Segment]) -> Finding:
    """Fast DDS cannot share memory between users: topics are seen, but no message arrives."""
    name = "processes now"
    others = sorted({one.uid for one in living} - {os.getuid()})
    if not others:
        return Finding(TOPIC, name, "ok", f"{_sum(living)} in use")
    users = ", ".join(map(str, others))
    return Finding(
        TOPIC,
        name,
        "warn",
        f"{_sum(living)} in use, also by the users {users}",
        "run all nodes of this machine as one user, containers too, or use UDP: docs/dds.md",
    )
