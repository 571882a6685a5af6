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
        called: What tables call the model; the name of its file where empty.
    """

    model: str
    engine: str = "auto"
    precision: str = "auto"
    size: NetworkSize | None = None
    called: str = ""

    @property
    def name(self) -> str:
        """How it is told from the others."""
        size = self.size or "default size"
        return f"{self.title}, {self.engine}, {self.precision}, {size}"

    @property
    def title(self) -> str:
        """What tables call the model."""
        return self.called or Path(self.model).stem

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
    called = told_apart(models)
    found = (
        Configuration(model, engine, precision, size, called[model])
        for model, size, engine, precision in product(models, sizes, engines, precisions)
    )
    return tuple(dict.fromkeys(found))


def told_apart(models: Sequence[str]) -> dict[str, str]:
    """A name for each model: its file's, with the folders before it that tell it from the others.

    Args:
        models: Shipped names and paths of .onnx files.
    """
    parts = {model: Path(model).with_suffix("").parts for model in models}

    def ending(model: str, length: int) -> tuple[str, ...]:
        return parts[model][-length:]

    def length_of(model: str) -> int:
        others = parts.keys() - {model}
        lengths = range(1, len(parts[model]) + 1)
        alone = (n for n in lengths if all(ending(model, n) != ending(one, n) for one in others))
        return next(alone, len(parts[model]))

    return {model: "/".join(ending(model, length_of(model))).lstrip("/") for model in parts}
