from __future__ import annotations

import json

from segmentation_node import __version__
from segmentation_node.bench.benchmark.machine import OtherLoad, machine, versions


def test_a_machine_is_known_by_the_name_that_it_is_given() -> None:
    found = machine("the laptop")
    assert found["name"] == "the laptop"
    assert found["cores"] >= 1
    assert found["memory_mib"] > 0


def test_a_machine_without_a_name_is_called_by_what_it_is() -> None:
    found = machine()
    assert found["name"] in {found["board"], found["gpu"], found["processor"]}


def test_versions_are_those_installed() -> None:
    found = versions()
    assert found["segmentation_node"] == __version__
    assert found["numpy"]
    assert json.loads(json.dumps(found)) == found


def test_what_others_do_is_no_less_than_nothing() -> None:
    load = OtherLoad()
    sum(range(10**5))
    found = load.to_mapping()
    assert set(found) == {"cores_busy_with_others", "load_before", "load_after"}
    assert found["cores_busy_with_others"] is None or found["cores_busy_with_others"] >= 0
