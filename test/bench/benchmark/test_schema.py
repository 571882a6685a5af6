from __future__ import annotations

import json

import pytest
from small_benchmark import benchmark, failed_row, optimisation, row

from segmentation_node.bench.benchmark.schema import read_benchmark, shortened, write_benchmark
from segmentation_node.errors import DatasetError


def test_what_is_written_is_read(tmp_path):
    figures = benchmark(rows=[row(), failed_row()], optimisations=[optimisation("fp32", 2.0)])
    write_benchmark(tmp_path / "new" / "a.json", figures)
    assert read_benchmark(tmp_path / "new" / "a.json") == figures


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (benchmark(schema=2), "of schema 2; expected a JSON of schema 1"),
        (benchmark(schema=None), "of schema None"),
        ({"miou": 0.5}, "which is no benchmark"),
        ([1, 2], "which is no benchmark"),
        (benchmark(rows=[{"asked": {}}]), r"without rows\[0\].runs"),
        (benchmark(rows=["row"]), r"without rows\[0\].asked"),
        (benchmark(rows=None), "whose rows are no list"),
        (benchmark(optimisations=[{}]), r"without optimisations\[0\].optimisation"),
        ({k: v for k, v in benchmark().items() if k != "machine"}, "without machine"),
    ],
)
def test_another_file_is_one_clear_sentence(tmp_path, content, said):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DatasetError, match=f"a.json.* {said}") as raised:
        read_benchmark(path)
    assert "run segmentation benchmark" in raised.value.fix


def test_what_cannot_be_read_is_one_clear_sentence(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff{")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    for name, said in (
        ("a.json", "no JSON"),
        ("deep.json", "no JSON"),
        ("none.json", "No such file"),
    ):
        with pytest.raises(DatasetError, match=said):
            read_benchmark(tmp_path / name)


def test_what_a_terminal_would_obey_is_left_out(tmp_path):
    figures = benchmark("a\x1b]0;title\x07b")
    write_benchmark(tmp_path / "a.json", figures)
    assert read_benchmark(tmp_path / "a.json")["machine"]["name"] == "a ]0;title b"


def test_figures_have_no_more_digits_than_a_clock_tells():
    found = shortened({"a": [1.23456789, (2, 1e-7 / 3)], "b": None, "c": "1.23456789", "d": True})
    assert found == {"a": [1.23457, [2, 3.33333e-08]], "b": None, "c": "1.23456789", "d": True}
