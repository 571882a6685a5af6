"""What is measured: a network on an engine, in a precision, at a size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from segmentation_node.core.geometry import NetworkSize


@dataclass(frozen=True)
class Configuration:
    """One row of a benchmark, as it is asked for.

    Args:
        model: Shipped name or path of an .onnx file.
        engine: As for `open_engine`.
        precision: As for `open_engine`.
        size: Network size; the model's default where None.
    """

    model: str
    engine: str = "auto"
    precision: str = "auto"
    size: NetworkSize | None = None

    @property
    def name(self) -> str:
        """How it is told from the others."""
        size = self.size or "default size"
        return f"{Path(self.model).stem}, {self.engine}, {self.precision}, {size}"

    @property
    def opening(self) -> dict[str, Any]:
        """What `Segmenter.load` takes besides the model."""
        return {"engine": self.engine, "precision": self.precision, "network_size": self.size}

    def to_mapping(self) -> dict[str, str | None]:
        """The same as plain values."""
        return {
            "model": self.model,
            "engine": self.engine,
            "precision": self.precision,
            "network_size": None if self.size is None else str(self.size),
        }


def configurations(
    models: Sequence[str],
    engines: Sequence[str],
    precisions: Sequence[str],
    sizes: Sequence[NetworkSize | None],
) -> tuple[Configuration, ...]:
    """Each model at each size on each engine in each precision, none of them twice."""
    found = (
        Configuration(model, engine, precision, size)
        for model, size, engine, precision in product(models, sizes, engines, precisions)
    )
    return tuple(dict.fromkeys(found))
