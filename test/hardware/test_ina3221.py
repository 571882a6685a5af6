from __future__ import annotations

from pathlib import Path

import pytest
from hardware.trees import AGX_ORIN, LAPTOP, ORIN_NANO, TX2, grow

from segmentation_node.hardware.ina3221 import find_rails


@pytest.mark.parametrize(
    ("tree", "rails"),
    [
        (
            AGX_ORIN,
            {
                "VDD_GPU_SOC": 19.832 * 0.248,
                "VDD_CPU_CV": 19.84 * 0.04,
                "VIN_SYS_5V0": 4.992 * 0.74,
                "VDDQ_VDD2_1V8AO": 0.4992,
            },
        ),
        (
            ORIN_NANO,
            {"VDD_IN": 4.968 * 1.2, "VDD_CPU_GPU_CV": 4.968 * 0.3, "VDD_SOC": 4.968 * 0.28},
        ),
        (
            TX2,
            {
                "VDD_SYS_GPU": 0.152,
                "VDD_SYS_SOC": 0.457,
                "VDD_4V0_WIFI": 0.019,
                "VDD_IN": 3.42,
                "VDD_SYS_CPU": 0.304,
                "VDD_SYS_DDR": 1.105,
            },
        ),
        (LAPTOP, {}),
    ],
    ids=["AGX Orin", "Orin Nano", "TX2", "laptop"],
)
def test_rails_are_found_by_driver_and_label(
    tree: dict[str, str], rails: dict[str, float], tmp_path: Path
) -> None:
    found = find_rails(grow(tmp_path, tree))
    assert [rail.name for rail in found] == list(rails)
    assert [rail.watts() for rail in found] == pytest.approx(list(rails.values()))


def test_the_number_of_a_chip_does_not_matter(tmp_path: Path) -> None:
    moved = {place.replace("hwmon1", "hwmon12"): text for place, text in ORIN_NANO.items()}
    assert next(rail.name for rail in find_rails(grow(tmp_path, moved))) == "VDD_IN"


def test_what_a_rail_covers_is_said(tmp_path: Path) -> None:
    whole, part, _ = find_rails(grow(tmp_path, ORIN_NANO))
    assert (whole.covers, part.covers) == ("the module", "the rail VDD_CPU_GPU_CV")


@pytest.mark.parametrize("content", [None, "", "busy\n"], ids=["gone", "empty", "no number"])
def test_a_rail_that_cannot_be_read_has_no_power(content: str | None, tmp_path: Path) -> None:
    rail = find_rails(grow(tmp_path, ORIN_NANO))[0]
    current = tmp_path / "class/hwmon/hwmon1/curr1_input"
    if content is None:
        current.unlink()
    else:
        current.write_text(content)
    assert rail.watts() is None
