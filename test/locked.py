"""A folder that nobody may look into, also for tests that run as root, whom no permission stops."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def lock(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Refuse to list a folder and to look at what lies in it, as its mode 0700 does to others."""

    def guarded(function: Callable[..., Any], *, inside: bool) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **options: Any) -> Any:
            if isinstance(path, str | Path) and folder in (
                Path(path).parents if inside else (path,)
            ):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return function(path, *args, **options)

        return call

    monkeypatch.setattr(Path, "iterdir", guarded(Path.iterdir, inside=False))
    # Which of the two a question about a path ends at is another in each release of Python.
    monkeypatch.setattr(Path, "stat", guarded(Path.stat, inside=True))
    monkeypatch.setattr(os, "stat", guarded(os.stat, inside=True))
