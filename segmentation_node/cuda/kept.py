"""The folder of compiled kernels, which only their owner can write to."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from segmentation_node.errors import OutputError
from segmentation_node.files import at_home, user_cache, write_whole
from segmentation_node.trust import check_own_folder, distrust

ENVIRONMENT = "SEGMENTATION_KERNEL_CACHE"
"""Names the folder; without it the kernels lie in the user's XDG cache directory."""

_CUBIN = b"\x7fELF"

_log = logging.getLogger("segmentation_node")


class Kept:
    """Programs by their names. A folder that is not to be trusted is not used, with a warning.

    Args:
        folder: Where they lie; in the user's cache where None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        named = os.environ.get(ENVIRONMENT)
        self.folder = folder or (at_home(named) if named else user_cache("kernels"))

    def read(self, name: str) -> bytes | None:
        """A program; None where it is not here, is damaged, or anyone may have written it."""
        path = self._path(name)
        try:
            if distrust(self.folder) or distrust(path):
                return None
            program = path.read_bytes()
        except OSError:
            return None
        return program if program.startswith(_CUBIN) else None

    def write(self, name: str, program: bytes) -> None:
        """Keep a program. What cannot be kept is compiled again at the next start."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_own_folder(self.folder, ENVIRONMENT)
            write_whole(self._path(name), program)
        except (OSError, OutputError) as error:
            _log.warning("the compiled kernel is not kept: %s", error)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.cubin"
