"""What the oldest supported Python (3.10, Humble's) refuses, and neither mypy nor ruff sees."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FILES = [
    path
    for folder in ("segmentation_node", "launch", "test")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
]
OLDEST = (3, 10)


def parsed(text: str) -> ast.Module:
    return ast.parse(text, feature_version=OLDEST)


def generic_tuples(tree: ast.Module) -> list[str]:
    """Classes with a second base beside NamedTuple: a TypeError at their import before 3.11."""
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and len(node.bases) > 1
        if any("NamedTuple" in ast.unparse(base) for base in node.bases)
    ]


def test_named_tuples_have_no_second_base_and_the_grammar_is_that_of_the_oldest_python() -> None:
    found = {path: generic_tuples(parsed(path.read_text(encoding="utf-8"))) for path in FILES}
    assert {path: names for path, names in found.items() if names} == {}


def test_a_second_base_and_a_newer_grammar_are_found() -> None:
    text = "class Pair(NamedTuple, Generic[T]):\n    one: T"
    assert generic_tuples(parsed(text)) == ["Pair"]
    with pytest.raises(SyntaxError):
        parsed("try:\n    pass\nexcept* ValueError:\n    pass")
