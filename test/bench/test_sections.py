from __future__ import annotations

from segmentation_node.bench.comparison import Table
from segmentation_node.bench.sections import markdown_sections


def test_each_table_is_a_section_with_heads_of_one_line():
    tables = [Table("One", ("a", "b\nc"), (("1", "2"),)), Table("Two", ("d",), ())]
    assert markdown_sections(tables) == (
        "## One\n\n| a | b c |\n| --- | --- |\n| 1 | 2 |\n\n## Two\n\n| d |\n| --- |\n"
    )
