from __future__ import annotations

from small_benchmark import benchmark, failed_row, row

from segmentation_node.bench.report.columns import grouped, machines_of, measured, numbered


def test_machines_of_one_name_are_numbered():
    found = machines_of([benchmark("a"), benchmark("b"), benchmark("a")])
    assert [machine.name for machine in found] == ["a (1)", "b", "a (2)"]
    assert numbered(["a", "b"]) == ["a", "b"]


def test_a_network_goes_with_the_files_that_were_made_from_it():
    other = {**row()["runs"], "model_file": "camvid.v2.onnx"}
    rows = [row(), row("int8"), row(runs=other)]
    found = grouped(iter(rows))
    assert [len(group) for group in found.values()] == [2, 1]
    assert list(found) == [("camvid", "256x512"), ("camvid.v2", "256x512")]


def test_networks_of_one_file_name_are_not_taken_for_one():
    files = [{**row()["runs"], "model": f"{folder}/camvid"} for folder in "ab"]
    found = grouped(row(runs=one) for one in files)
    assert list(found) == [("a/camvid", "256x512"), ("b/camvid", "256x512")]


def test_what_failed_at_once_or_on_the_way_is_not_compared():
    broken = {**row(), "error": "the device went away"}
    (machine,) = machines_of([benchmark(rows=[row(), failed_row(), broken])])
    assert len(list(measured(machine))) == 1
