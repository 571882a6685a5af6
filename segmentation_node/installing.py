"""How to install what is missing, and leave a ROS 2 machine what it needs."""

from __future__ import annotations

import shlex
from importlib import metadata


def pip_install(*requirements: str) -> str:
    """The command that installs packages beside the NumPy that is here.

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
    return shlex.join(("pip", "install", *requirements, *kept))
