"""Whether only its user can have written a file: engines, kernels and networks are run as code."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from segmentation_node.errors import OutputError

_ROOT = 0


def distrust(path: Path) -> str:
    """Why somebody else may have written a file, or into a folder.

    It must belong to this user or to the administrator, and not everybody may write to it nor to a
    folder above it, as they could put another in its place. Folders with the sticky bit, such as
    /tmp, are no such folders. To the administrator it may belong to anybody: in a container
    that is what folders of the machine outside look like.

    Args:
        path: A file or folder; links are followed.

    Returns:
        The reason as a clause that follows the path; empty where there is none.

    Raises:
        OSError: There is no such path, or it may not be looked at.
    """
    real = path.resolve(strict=True)
    status = real.stat()
    if os.getuid() != _ROOT and status.st_uid not in {os.getuid(), _ROOT}:
        return "which belongs to another user"
    if status.st_mode & stat.S_IWOTH:
        return "which other users can write to"
    if any(_is_open(folder) for folder in real.parents):
        return "which lies in a folder that other users can write to"
    return ""


def check_own_folder(folder: Path, other: str) -> None:
    """Refuse to write what will be run as code where others could have put theirs.

    Args:
        folder: It must be there.
        other: What names another folder, such as an environment variable.

    Raises:
        OutputError: `distrust` has a reason.
        OSError: There is no such folder, or it may not be looked at.
    """
    if why := distrust(folder):
        raise OutputError(
            received=f"{folder}, {why}",
            expected="a folder of this user alone: what lies there will be run as code",
            fix=f"chmod go-w it, or name another with {other}",
        )


def _is_open(folder: Path) -> bool:
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
