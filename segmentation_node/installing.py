"""How to install what is missing: into which environment, and without what ROS 2 must keep."""

from __future__ import annotations

import shlex
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from segmentation_node.errors import SegmentationError

_NAMES = {"cv2": "opencv-python-headless", "yaml": "PyYAML", "cuda": "cuda-bindings"}
"""What packages are called where they are installed from, if not as they are imported."""

_OF_ROS = ("rclpy", "rcl_interfaces", "ament_index_python", "rosidl_runtime_py", "cv_bridge")


def pip_install(*requirements: str) -> str:
    """The command that installs packages, into the environment that is meant for them.

    Without an active environment it begins with what makes the one nearby active, or, where pip
    refuses to write to the system's Python (PEP 668), with what makes one.

    The packages are named, and not an extra of this package: ROS 2 is built against NumPy 1 and
    brings OpenCV 4 in a way that pip does not see, so that an extra would fetch a newer OpenCV, and
    that NumPy 2.

    Args:
        requirements: As pip takes them, such as `openvino>=2024.4`.
    """
    try:
        numpy = metadata.version("numpy")
    except metadata.PackageNotFoundError:
        numpy = ""
    kept = ("numpy<2",) if numpy.startswith("1.") else ()
    command = shlex.join(("pip", "install", *requirements, *kept))
    if _is_active():
        return command
    there = environment_nearby()
    if there is not None:
        return f". {shlex.quote(str(there / 'bin' / 'activate'))} && {command}"
    if Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").exists():
        make = "python3 -m venv --system-site-packages .venv && . .venv/bin/activate"
        return f"{make} && {command}"
    return command


def environment_nearby() -> Path | None:
    """The environment `.venv` of this package's workspace or checkout, where none is active."""
    if _is_active():
        return None
    for folder in (*Path(__file__).resolve().parents, Path.cwd(), *Path.cwd().parents):
        if (folder / ".venv" / "bin" / "activate").is_file():
            return folder / ".venv"
    return None


def _is_active() -> bool:
    """Whether this Python is that of a virtual environment."""
    return sys.prefix != sys.base_prefix


def without(missing: ModuleNotFoundError) -> SegmentationError:
    """The error for a package that this Python does not have.

    Args:
        missing: What importing it raised.

    Raises:
        ModuleNotFoundError: It is a part of this package, which is then damaged.
    """
    name = str(missing.name or "").partition(".")[0]
    if name in {"", "segmentation_node"}:
        raise missing
    there = environment_nearby()
    if there and any(there.glob(f"lib/*/site-packages/{name}*")):
        fix = f"run: . {there}/bin/activate (a service starts {there}/bin/python instead)"
    elif name in _OF_ROS or name.endswith(("_msgs", "_interfaces")):
        fix = "source /opt/ros/$ROS_DISTRO/setup.bash, or, in a checkout without ROS, run: "
        fix += pip_install(".[ros-wheels]")
    else:
        fix = f"run: {pip_install(_NAMES.get(name, name))}"
    return SegmentationError(
        received=f"no package {name} in {sys.executable}",
        expected="the environment that segmentation_node was installed into to be active",
        fix=fix,
    )
