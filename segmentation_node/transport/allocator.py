"""Keeps glibc from mapping and unmapping memory for every image.

A block of an image's size is by default mapped from the kernel when a message is made and given
back when it is dropped; every page is then zeroed and faulted in again at each frame. Kept in the
heap, the same pages are used again.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

# name in the environment -> (mallopt parameter of <malloc.h>, bytes). 32 MiB is the most that every
# glibc takes as a threshold, and larger than a 4K colour image.
SETTINGS: Mapping[str, tuple[int, int]] = {
    "MALLOC_MMAP_THRESHOLD_": (-3, 32 << 20),
    "MALLOC_TRIM_THRESHOLD_": (-1, 1 << 30),
    "MALLOC_TOP_PAD_": (-2, 64 << 20),
}


def variables() -> dict[str, str]:
    """Return the settings as environment variables, for processes that are yet to start."""
    return {name: str(size) for name, (_, size) in SETTINGS.items()}


def set_by_user(base: Mapping[str, str]) -> str | None:
    """Return the variable by which the user tunes malloc, if there is one.

    Args:
        base: The environment that the process was started with.
    """
    ours = variables()
    for name, value in base.items():
        if name.startswith("MALLOC_") and ours.get(name) != value:
            return name
    return "GLIBC_TUNABLES" if "glibc.malloc" in base.get("GLIBC_TUNABLES", "") else None


def apply() -> bool:
    """Set the allocator of this process, which read its environment long ago.

    Returns:
        Whether the C library took every setting (that of Alpine Linux has none of them).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # One refused setting must not keep the next from being tried.
    taken = [mallopt(parameter, size) == 1 for parameter, size in SETTINGS.values()]
    return all(taken)
