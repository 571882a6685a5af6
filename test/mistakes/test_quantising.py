from __future__ import annotations

from pathlib import Path

import pytest
from mistakes.table import Mistake

MISTAKES: list[Mistake] = []


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)
