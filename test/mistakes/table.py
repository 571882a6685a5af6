"""The form of the mistakes that users make, and the page that is made of them.

Each area has a file `test_<area>.py` with its rows, `MISTAKES`. A row changes one thing about
something that works, and says what the user must then be told. The tests hold the package to
that, and docs/troubleshooting.md is made of the same rows:

    python test/mistakes/table.py > docs/troubleshooting.md
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from segmentation_node.errors import SegmentationError

AREAS = {
    "networks": "Networks and their sidecars",
    "quantising": "INT8 and FP16",
    "labels": "Labelled data, training and scoring",
    "media": "Images and videos",
    "bags": "Bags",
    "command_line": "The command line",
    "parameters": "Parameters and launch arguments",
    "topics": "Topics, cameras and the running node",
}
"""Every area by the end of its file's name, with its heading on the page."""


@dataclass(frozen=True)
class Mistake:
    """One plausible mistake.

    Attributes:
        name: Words with underscores, unique in its area.
        says: Part of the message, word for word: what the user sees and searches for.
        cause: Why it is said, as the page tells it.
        cure: What to do, as the page tells it.
        make: Makes the mistake in an empty folder, and returns what the user was told.
        also: Further parts of the message, such as the file's name and the nearest known name.
    """

    name: str
    says: str
    cause: str
    cure: str
    make: Callable[[Path], str]
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    def check(self, folder: Path) -> None:
        """Make the mistake, and fail unless the user was told all of it."""
        told = self.make(folder)
        missing = [part for part in (self.says, *self.also) if part not in told]
        assert not missing, f"{missing} not in: {told}"


def told(function: Callable[..., object], *arguments: object, **options: object) -> str:
    """The whole sentence of the error that a call raises; a call that succeeds fails the test."""
    with pytest.raises(SegmentationError) as caught:
        function(*arguments, **options)
    return str(caught.value)


def mistakes_of(area: str) -> list[Mistake]:
    """The rows of an area."""
    rows: list[Mistake] = importlib.import_module(f"mistakes.test_{area}").MISTAKES
    return rows


def page() -> str:
    """docs/troubleshooting.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Troubleshooting"
    yield ""
    yield "Search this page for a few words of the message you got: on the left is a part of it, as"
    yield "it is printed. Each row is tested, and the page is made of these tests."
    for area, heading in AREAS.items():
        yield from ("", f"## {heading}", "", "| what you see | why | what to do |", "|---|---|---|")
        for row in mistakes_of(area):
            cells = (f"`{row.says}`", row.cause, row.cure)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    print(page(), end="")
