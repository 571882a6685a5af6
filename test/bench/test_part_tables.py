from __future__ import annotations

from segmentation_node.bench.part_tables import part_tables


def test_parts_become_tables_that_say_whose_they_are(cityscapes_score):
    tables = {table.title.split("\n")[1]: table for table in part_tables(cityscapes_score.mapping)}
    assert [title.split(":")[0] for title in tables] == [
        "By condition",
        "Things by size",
        "By distance, all classes by row",
        "By distance, road users by their foot",
        "Weighted by instance",
    ]
    for table in tables.values():
        assert "" not in table.head
        assert {len(row) for row in table.rows} == {len(table.head)}
    for table in part_tables(cityscapes_score.mapping):
        assert table.title.startswith("small, 64x96 stretch, fp32\n")
    assert tables["Things by size: IoU, %"].head[1:] == (
        "tiny\n< 256 px",
        "small\n< 1024 px",
        "medium\n< 9216 px",
        "large\n≥ 9216 px",
    )
