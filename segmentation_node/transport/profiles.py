"""The Fast DDS profiles that are shipped, and which of them this machine has room for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segmentation_node.files import at_home
from segmentation_node.resources import share_directory
from segmentation_node.transport.shm import Room

# Fast DDS 2 (Humble to Jazzy) reads only the first name; Fast DDS 3 (Kilted and later) the second,
# and its ROS layer warns of the first.
OLD_VARIABLE = "FASTRTPS_DEFAULT_PROFILES_FILE"
NEW_VARIABLE = "FASTDDS_DEFAULT_PROFILES_FILE"
VARIABLES = (OLD_VARIABLE, NEW_VARIABLE)
_OLD_DISTRIBUTIONS = ("", "humble", "iron", "jazzy")
# A camera, the node, a viewer or recorder, and one more to look at them.
PROCESSES = 4


@dataclass(frozen=True)
class Profile:
    """One file of config/.

    Attributes:
        name: Its file name.
        process_bytes: What a process that loads it takes of /dev/shm, measured: the segment, its
            bookkeeping and the ports.
    """

    name: str
    process_bytes: int

    @property
    def path(self) -> Path:
        """Where the file is installed."""
        return share_directory() / "config" / self.name

    def variables(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return what makes a process load this profile.

        Args:
            base: The environment of the process, which may name its ROS distribution.
        """
        old = base.get("ROS_DISTRO", "") in _OLD_DISTRIBUTIONS
        return dict.fromkeys(VARIABLES if old else (NEW_VARIABLE,), str(self.path))


LARGE = Profile("fastdds_shm.xml", 70_400_000)
SMALL = Profile("fastdds_shm_small.xml", 13_300_000)
SHIPPED = (LARGE, SMALL)


def that_fits(room: Room | None) -> Profile | None:
    """Choose the largest profile that this process and its usual neighbours have room for.

    The size of /dev/shm decides first, so that every process of one machine decides alike; what is
    free of it only has to hold this process.

    Args:
        room: The shared memory; None where there is none.

    Returns:
        None where shared memory is too small for whole images.
    """
    if room is None:
        return None
    for profile in SHIPPED:
        enough_in_all = PROCESSES * profile.process_bytes <= room.total_bytes
        if enough_in_all and profile.process_bytes <= room.free_bytes:
            return profile
    return None


def shipped_at(path: str) -> Profile | None:
    """Return which of our profiles a path names, if it is one of ours.

    Args:
        path: What the user or a launch file wrote into the environment.
    """
    for profile in SHIPPED:
        if at_home(path).resolve() == profile.path.resolve():
            return profile
    return None


def chosen_by_user(base: Mapping[str, str]) -> str | None:
    """Return the variable or file by which the user chose DDS settings, if there is one.

    Args:
        base: The environment that the process was started with.
    """
    for name in (*VARIABLES, "FASTDDS_BUILTIN_TRANSPORTS"):
        if base.get(name):
            return f"{name}={base[name]}"
    # Fast DDS also reads these from the folder that a process is started in.
    if base.get("SKIP_DEFAULT_XML_FILE") != "1":
        for name in ("DEFAULT_FASTRTPS_PROFILES.xml", "DEFAULT_FASTDDS_PROFILES.xml"):
            if Path(name).is_file():
                return str(Path(name).resolve())
    return None
