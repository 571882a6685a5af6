from __future__ import annotations

from pathlib import Path

import pytest
from hardware.trees import LAPTOP, grow

from segmentation_node.hardware.rapl import RaplDomain, find_domains

PACKAGE = "class/powercap/intel-rapl:0"


def package(root: Path, *times: float) -> RaplDomain:
    ticks = iter(times)
    return RaplDomain(grow(root, LAPTOP) / PACKAGE, lambda: next(ticks))


def set_energy(root: Path, energy_uj: int) -> None:
    (root / PACKAGE / "energy_uj").write_text(f"{energy_uj}\n")


def test_power_is_the_energy_since_the_call_before(tmp_path: Path) -> None:
    one = package(tmp_path, 10.0, 12.0, 13.0)
    set_energy(tmp_path, 1_000_000 + 30_000_000)
    assert one.watts() == pytest.approx(15.0)
    assert one.watts() == 0.0
    assert one.covers == "the processor (package-0)"


def test_a_counter_that_begins_again_costs_nothing(tmp_path: Path) -> None:
    one = package(tmp_path, 10.0, 11.0, 12.0)
    set_energy(tmp_path, 262_143_328_850 - 1_000_000)
    one.watts()
    set_energy(tmp_path, 4_000_000)
    assert one.watts() == pytest.approx(5.0)


def test_two_calls_at_the_same_time_have_no_power(tmp_path: Path) -> None:
    assert package(tmp_path, 10.0, 10.0).watts() is None


def test_a_counter_that_may_not_be_read_is_no_sensor(tmp_path: Path) -> None:
    energy = grow(tmp_path, LAPTOP) / PACKAGE / "energy_uj"
    energy.unlink()
    energy.mkdir()  # as unreadable as one of root's, for root as well
    assert [one.name for one in find_domains(tmp_path)] == ["psys"]


def test_packages_are_found_without_their_parts_and_the_platform_is_none(tmp_path: Path) -> None:
    package, platform = find_domains(grow(tmp_path, LAPTOP))
    assert (package.name, package.covers) == ("package-0", "the processor (package-0)")
    assert (platform.name, platform.covers) == ("psys", "the platform (psys)")


def test_a_domain_beside_the_packages_is_left_out(tmp_path: Path) -> None:
    name = grow(tmp_path, LAPTOP) / "class/powercap/intel-rapl:1/name"
    name.write_text("dram\n")
    assert [one.name for one in find_domains(tmp_path)] == ["package-0"]


def test_the_platform_of_a_second_socket_is_no_package_either(tmp_path: Path) -> None:
    name = grow(tmp_path, LAPTOP) / "class/powercap/intel-rapl:1/name"
    name.write_text("psys-1\n")
    assert [one.covers for one in find_domains(tmp_path)] == [
        "the processor (package-0)",
        "the platform (psys-1)",
    ]
