from __future__ import annotations

from pathlib import Path

from mistakes.table import AREAS, mistakes_of, page


def test_the_page_is_made_of_the_table(repository: Path) -> None:
    written = (repository / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert written == page(), "python test/mistakes/table.py > docs/troubleshooting.md"


def test_there_are_a_hundred_mistakes_and_each_stands_once() -> None:
    rows = [(area, row.name) for area in AREAS for row in mistakes_of(area)]
    assert len(rows) >= 100
    assert len(set(rows)) == len(rows)
