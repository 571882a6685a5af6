"""What rows and columns of the reports are called, and which of them belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from segmentation_node.engines.converted import CONVERTED

Figures = Mapping[str, Any]

PUBLISHED = "published"
"""Stands in the head of every column that was not measured here."""


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine's benchmark.

    Args:
        name: What it is called in this report; no two have the same.
        figures: As `bench.benchmark.schema` reads them.
    """

    name: str
    figures: Figures


def machines_of(benchmarks: Sequence[Figures]) -> tuple[Machine, ...]:
    """Give each benchmark a name of its own: those of the same machine are numbered."""
    names = numbered([str(figures["machine"]["name"]) for figures in benchmarks])
    return tuple(map(Machine, names, benchmarks))


def numbered(names: Sequence[str]) -> list[str]:
    """The same names, those that occur more than once with a number."""
    return [
        f"{name} ({names[:at].count(name) + 1})" if names.count(name) > 1 else name
        for at, name in enumerate(names)
    ]


def published_head(*words: str) -> str:
    """The head of a column that holds published figures."""
    return "\n".join((*words, PUBLISHED))


def measured(machine: Machine) -> Iterator[Figures]:
    """The rows of a machine that hold times, but for those that failed before their end."""
    rows = machine.figures["rows"]
    return (row for row in rows if row["latency_ms"] is not None and not row["error"])


def engine_of(text: str) -> str:
    """The engine's name, without its version."""
    return text.partition(" ")[0]


def grouped(rows: Iterator[Figures]) -> dict[tuple[str, str], list[Figures]]:
    """Rows by network and size, in their order. Precisions that are files of their own go along.

    A network in INT8 is named after the one that it was made from: `camvid.int8.onnx`.
    """
    found: dict[tuple[str, str], list[Figures]] = {}
    for row in rows:
        network = _made_from(row["runs"]["model"], row["runs"]["model_file"])
        found.setdefault((network, row["runs"]["network_size"]), []).append(row)
    return found


def _made_from(called: str, file: str) -> str:
    """`camvid` of `camvid.onnx` and `camvid.int8.onnx`, behind the folders that tell it apart."""
    name = file.removesuffix(".onnx")
    for precision in CONVERTED:
        name = name.removesuffix(f".{precision}")
    return str(PurePosixPath(called).with_name(name))
