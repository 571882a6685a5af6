from __future__ import annotations

from segmentation_node.training.markdown import markdown_table


def test_heads_stand_over_cells_of_any_kind() -> None:
    assert markdown_table(("a", "b"), ((1, "x"),)) == "| a | b |\n| --- | --- |\n| 1 | x |\n"


def test_a_cell_cannot_end_itself_or_its_line() -> None:
    assert markdown_table(("a | b",), (("one\ntwo",),)) == "| a \\| b |\n| --- |\n| one two |\n"
