from __future__ import annotations

from segmentation_node.bench.precision.variants import REFERENCE, variants


def test_every_precision_and_way_of_calibrating_has_a_row_and_fp32_is_first() -> None:
    found = variants(("bf16", "fp32", "int8"))
    assert found[0] == REFERENCE
    assert [one.name for one in found] == [
        "fp32",
        "bf16",
        "fp16",
        "int8-weights",
        "int8/percentile",
        "int8/minmax",
        "int8/entropy",
    ]


def test_bf16_is_left_out_where_the_processor_has_none() -> None:
    assert "bf16" not in [one.name for one in variants(("fp32", "int8"))]


def test_half_precision_is_computed_in_it_where_the_processor_can() -> None:
    asked = {
        can: next(one.ask for one in variants(("fp32", can)) if one.name == "fp16")
        for can in ("bf16", "fp16")
    }
    assert asked == {"bf16": "fp32", "fp16": "fp16"}
