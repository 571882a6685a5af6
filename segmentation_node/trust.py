"""Whether only its user can have written a file: engines, kernels and networks are run as code."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from segmentation_node.errors import OutputError

_ROOT = 0


def distrust(path: Path) -> str:
    """Why somebody else may have written a file, or into a folder.

    It and the folders above must belong to this user or to the administrator, and not everybody may
    write to them, as they could put another in its place. In folders with the sticky bit, such as
    /tmp, nobody can. To the administrator it may belong to anybody, since in a container that is
    what folders of the machine outside look like; but not below a folder with the sticky bit, where
    anybody may have been the first. The user's group is trusted.

    Args:
        path: A file or folder; links are followed.

    Returns:
        The reason as a clause that follows the path; empty where there is none.

    Raises:
        OSError: There is no such path, or it may not be looked at.
    """
    real = path.resolve(strict=True)
    status, above = real.stat(), [folder.stat() for folder in real.parents]
    owners = {os.getuid(), _ROOT}
    may_be_anybodys = os.getuid() == _ROOT and not any(map(_is_open, above))
    if not may_be_anybodys and status.st_uid not in owners:
        return "which belongs to another user"
    if _is_open(status):
        return "which other users can write to"
    if any(_is_open(folder) and not folder.st_mode & stat.S_ISVTX for folder in above):
        return "which lies in a folder that other users can write to"
    if not may_be_anybodys and any(folder.st_uid not in owners for folder in above):
        return "which lies in a folder of another user"
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
            expected="a folder that nobody else can write to: what lies there will be run as code",
            fix=f"chmod go-w it, or name another with {other}",
        )


def _is_open(status: os.stat_result) -> bool:
    return bool(status.st_mode & stat.S_IWOTH)
