from __future__ import annotations

from segmentation_node.training.markdown import markdown_table


def test_heads_stand_over_cells_of_any_kind() -> None:
    assert markdown_table(("a", "b"), ((1, "x"),)) == "| a | b |\n| --- | --- |\n| 1 | x |\n"
