"""A rule that a network breaks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """A rule that a network breaks, and where.

    Args:
        rule: Short name of the rule, as docs/quantization.md has it.
        node: Name of the node at fault, or of the input, output or constant.
        what: What is wrong there.
    """

    rule: str
    node: str
    what: str

    def __str__(self) -> str:
        return f"{self.node}: {self.what} ({self.rule})"
