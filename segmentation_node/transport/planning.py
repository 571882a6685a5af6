"""Decides what a process, or those that it starts, get set for DDS and for the allocator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segmentation_node.transport import allocator, profiles, shm

# Both speak Fast DDS and read its profiles.
FAST_RMWS = ("", "rmw_fastrtps_cpp", "rmw_fastrtps_dynamic_cpp")
_MIB = 1 << 20


@dataclass(frozen=True)
class TransportPlan:
    """What is to be set, and why.

    Attributes:
        variables: Environment variables to add; empty where nothing is to be changed.
        profile: The Fast DDS profile that will be loaded, whoever chose it; None for the defaults.
        notes: Sentences for the log: what was done and what was left alone.
        warnings: Sentences for the log: what will not work well here, and what to do about it.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    profile: Path | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __add__(self, other: TransportPlan) -> TransportPlan:
        """Join two plans for different things."""
        return TransportPlan(
            {**self.variables, **other.variables},
            self.profile or other.profile,
            self.notes + other.notes,
            self.warnings + other.warnings,
        )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:.0f} MiB"


def _respect(setting: str, base: Mapping[str, str], room: shm.Room | None) -> TransportPlan:
    """Leave the user's choice as it is, and say if one of our profiles cannot work here."""
    path = next((base[name] for name in profiles.VARIABLES if base.get(name)), None)
    if path is None:
        return TransportPlan(notes=(f"DDS settings left as they are: {setting}",))
    ours = profiles.shipped_at(path)
    if ours is None:
        return TransportPlan({}, Path(path), (f"DDS profile left as it is: {setting}",))
    note = f"images go through shared memory: {ours.name}, as the environment says"
    if room is not None and ours.process_bytes <= room.free_bytes:
        return TransportPlan({}, Path(path), (note,))
    return TransportPlan({}, Path(path), (note,), (_too_small(room, ours),))


def _too_small(room: shm.Room | None, profile: profiles.Profile) -> str:
    """Say what is missing and how to get it."""
    if room is None:
        found = "there is no /dev/shm that this user may write to"
    else:
        found = f"/dev/shm has {_mib(room.free_bytes)} free of {_mib(room.total_bytes)}"
    return (
        f"{found}, and {profile.name} wants {_mib(profile.process_bytes)} for each process: "
        "best-effort images will be lost; give the container --shm-size=512m or --ipc=host, "
        "and remove what killed processes left with `segmentation doctor --clean-shm`"
    )


def _choose(base: Mapping[str, str], room: shm.Room | None) -> TransportPlan:
    """Choose among the shipped profiles."""
    chosen = profiles.that_fits(room)
    if chosen is None:
        return TransportPlan(warnings=(_too_small(room, profiles.SMALL),))
    notes = [f"images go through shared memory: {chosen.name}"]
    if chosen is profiles.SMALL and room is not None:
        notes.append(
            f"/dev/shm has {_mib(room.free_bytes)} free of {_mib(room.total_bytes)}, so the small "
            "profile is used; --shm-size=512m or --ipc=host gives a container room for the large"
        )
    return TransportPlan(chosen.variables(base), chosen.path, tuple(notes))


def _plan_dds(base: Mapping[str, str], room: shm.Room | None) -> TransportPlan:
    rmw = base.get("RMW_IMPLEMENTATION", "")
    if rmw not in FAST_RMWS:
        return TransportPlan(
            notes=(f"RMW_IMPLEMENTATION is {rmw}: the Fast DDS profile is not for it and not set",)
        )
    setting = profiles.chosen_by_user(base)
    return _choose(base, room) if setting is None else _respect(setting, base, room)


def _plan_allocator(base: Mapping[str, str]) -> TransportPlan:
    setting = allocator.set_by_user(base)
    if setting is None:
        return TransportPlan(allocator.variables())
    return TransportPlan(notes=(f"malloc left as it is: {setting} is set",))


def plan(base: Mapping[str, str] | None = None, room: shm.Room | None = None) -> TransportPlan:
    """Choose the settings for images over DDS; the user's own always win.

    Args:
        base: The environment to start from; this process's own when None.
        room: The shared memory to plan for; that of this machine, measured, when None.
    """
    base = os.environ if base is None else base
    return _plan_dds(base, room or shm.room()) + _plan_allocator(base)


def _tidy() -> TransportPlan:
    """Remove abandoned segments; ports are small, and Fast DDS takes them up again by itself."""
    removed = shm.remove_stale(found for found in shm.segments() if not found.is_port)
    if not removed:
        return TransportPlan()
    freed = _mib(sum(segment.size_bytes for segment in removed))
    return TransportPlan(
        notes=(f"gave back {freed} of /dev/shm that killed processes had left",),
    )


def tidy_plan(base: Mapping[str, str] | None = None) -> TransportPlan:
    """Give back the shared memory that killed processes left, then choose the settings.

    Only segments of this user whose owner is dead are removed: see `shm.remove_stale`.

    Args:
        base: The environment to start from; this process's own when None.
    """
    base = os.environ if base is None else base
    tidied = _tidy() if base.get("RMW_IMPLEMENTATION", "") in FAST_RMWS else TransportPlan()
    return tidied + plan(base)


def driver_command() -> str:
    """The line that gives a camera driver these settings, to be typed in its terminal."""
    # In a colcon workspace the program is not on the PATH of a terminal without our environment.
    program = "ros2 run segmentation_node segmentation"
    if not os.environ.get("AMENT_PREFIX_PATH"):
        program = "segmentation"
    return f'eval "$({program} doctor --dds-environment)"'


def plain_environment() -> dict[str, str]:
    """The environment of this process without the settings of this package."""
    plain = dict(os.environ)
    for name in profiles.VARIABLES:
        if profiles.shipped_at(plain.get(name, "")) is not None:
            del plain[name]
    for name, value in allocator.variables().items():
        if plain.get(name) == value:
            del plain[name]
    return plain


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables to add to the environment of processes that handle images.

    Args:
        base: The environment to start from; this process's own when None.
    """
    return dict(tidy_plan(base).variables)


def prepare_process() -> TransportPlan:
    """Apply the settings to this process and to those that it will start.

    To be called before `rclpy.init`: Fast DDS reads its environment when the first node is made.

    Returns:
        What was set; its notes and warnings are for the log.
    """
    chosen = tidy_plan()
    os.environ.update(chosen.variables)
    if allocator.set_by_user(os.environ) is None:
        allocator.apply()
    return chosen
