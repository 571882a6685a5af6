"""The precisions that a network is compared in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from segmentation_node.model.calibration import METHODS


@dataclass(frozen=True)
class Variant:
    """A network in one precision.

    Args:
        name: What it is called in the tables.
        precision: That `quantize` makes of the network; empty for the network as it is.
        method: How ranges are chosen, for `int8`.
        ask: Precision asked of the engine.
    """

    name: str
    precision: str = ""
    method: str = ""
    ask: str = "auto"


REFERENCE = Variant("fp32", ask="fp32")
"""What all others are compared with: the network as it is, in float32."""


def variants(can: Collection[str]) -> tuple[Variant, ...]:
    """All precisions, the reference first.

    A half-precision file and one with int8 weights are computed in float32 where the processor
    has no fp16: they then differ from the reference in their weights alone.

    Args:
        can: The precisions that the device can do.
    """
    found = [REFERENCE]
    if "bf16" in can:
        found.append(Variant("bf16", ask="bf16"))
    found.append(Variant("fp16", "fp16", ask="fp16" if "fp16" in can else "fp32"))
    found.append(Variant("int8-weights", "int8-weights", ask="fp32"))
    found += [Variant(f"int8/{method}", "int8", method) for method in METHODS]
    return tuple(found)
