"""The JSON of a benchmark: written in one step, and read with a look at what it is.

docs/benchmark.md describes it. A change that a reader of the old form would trip over raises
`SCHEMA`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from segmentation_node.errors import DatasetError
from segmentation_node.fields import parse_json
from segmentation_node.files import write_whole

KIND = "segmentation benchmark"
SCHEMA = 1

_DIGITS = 6
"""Significant ones: more than any clock here tells."""

_KEYS = (
    "measured_at",
    "machine",
    "versions",
    "settings",
    "other_load",
    "power_sensors",
    "rows",
    "optimisations",
)
_ROW_KEYS = (
    "asked",
    "runs",
    "error",
    "latency_ms",
    "throughput",
    "ratio",
    "bytes",
    "memory",
    "power",
    "score",
)
_OPTIMISATION_KEYS = (
    "optimisation",
    "model",
    "network_size",
    "engine",
    "precision",
    "bytes",
    "nodes",
    "inference_ms",
    "ratio",
    "error",
)

_PARTS: Mapping[str, tuple[str, ...]] = {"rows": _ROW_KEYS, "optimisations": _OPTIMISATION_KEYS}

Figures = Mapping[str, Any]


def write_benchmark(path: Path, figures: Figures) -> None:
    """Write figures, the file being replaced in one step.

    Raises:
        OutputError: The file cannot be written.
    """
    write_whole(path, (json.dumps(figures, indent=1) + "\n").encode())


def read_benchmark(path: Path) -> dict[str, Any]:
    """Read what `segmentation benchmark` wrote.

    Args:
        path: The JSON file.

    Raises:
        DatasetError: It cannot be read, is something else, or is of another schema.
    """
    try:
        figures = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise unusable(f"{path} ({error.strerror})") from error
    except ValueError as error:
        raise unusable(f"{path}, which is no JSON") from error
    if not isinstance(figures, dict) or figures.get("kind") != KIND:
        raise unusable(f"{path}, which is no benchmark")
    if figures.get("schema") != SCHEMA:
        raise unusable(f"{path} of schema {figures.get('schema')!r}")
    _check_whole(path, figures)
    return dict(printable(figures))


def printable(value: Any) -> Any:
    """The same plain values, with nothing in their texts that a terminal would obey."""

    def plain(one: Any) -> Any:
        if not isinstance(one, str):
            return one
        return "".join(letter if letter.isprintable() else " " for letter in one)

    return _each(value, plain)


def shortened(value: Any) -> Any:
    """The same plain figures with six significant digits."""
    return _each(value, lambda one: float(f"{one:.{_DIGITS}g}") if isinstance(one, float) else one)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same mappings and lists, with every other value in them changed."""
    if isinstance(value, Mapping):
        return {key: _each(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_each(one, change) for one in value]
    return change(value)


def _check_whole(path: Path, figures: dict[str, Any]) -> None:
    """Ask for all that tables show, so that what is missing is named and the file with it."""
    wanted: list[tuple[str, Any, tuple[str, ...]]] = [("", figures, _KEYS)]
    for part, own in _PARTS.items():
        rows = figures.get(part, [])
        if not isinstance(rows, list):
            raise unusable(f"{path} whose {part} are no list")
        wanted += [(f"{part}[{at}].", row, own) for at, row in enumerate(rows)]
    for where, mapping, keys in wanted:
        for key in keys:
            if not isinstance(mapping, dict) or key not in mapping:
                raise unusable(f"{path} without {where}{key}")


def unusable(received: str) -> DatasetError:
    """What to raise for a file that cannot be shown.

    Args:
        received: The file, and what is wrong with it.
    """
    return DatasetError(
        received=received,
        expected=f"a JSON of schema {SCHEMA} that `segmentation benchmark` wrote",
        fix="run segmentation benchmark of this version again, and give its benchmark.json",
    )
