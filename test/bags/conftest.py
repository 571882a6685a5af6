from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_bags import write_bag


@pytest.fixture
def make_bag(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str = "drive", **options) -> Path:
        return write_bag(tmp_path / name, **options)

    return make
