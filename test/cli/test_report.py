from __future__ import annotations

import pytest
from command import run
from small_benchmark import benchmark, optimisation

from segmentation_node.bench.benchmark.schema import write_benchmark
from segmentation_node.errors import DatasetError


@pytest.fixture
def files(tmp_path):
    found = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in found:
        figures = benchmark(path.stem, optimisations=[optimisation("bf16", 10.0)])
        write_benchmark(path, figures)
    return found


def test_machines_are_put_side_by_side_on_the_screen_and_in_a_file(files, tmp_path):
    page = tmp_path / "new" / "report.md"
    done = run("report", *files, "-o", page)
    assert done.exit_code == 0
    for text in ("Table 10", "Table 11", "Table 12", "Table 13", "The article", "published"):
        assert text in done.stdout
        assert text in page.read_text()


def test_another_schema_is_one_sentence_and_nothing_is_written(files, tmp_path):
    write_benchmark(files[1], benchmark(schema=7))
    page = tmp_path / "report.md"
    with pytest.raises(DatasetError, match=r"b\.json of schema 7; expected a JSON of schema 1"):
        run("report", *files, "-o", page)
    assert not page.exists()


def test_files_are_asked_for():
    assert run("report").exit_code == 2
