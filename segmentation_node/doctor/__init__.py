"""What is installed, what works, and what to do about the rest: one file for each topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from segmentation_node.doctor import engines, files, gpu, memory, models, python, ros
from segmentation_node.doctor.camera import examine as examine_camera
from segmentation_node.doctor.finding import Finding
from segmentation_node.doctor.memory import clean as clean_shared_memory

__all__ = ["TOPICS", "Finding", "clean_shared_memory", "examine", "examine_camera", "report"]

TOPICS: Mapping[str, Callable[[], Iterator[Finding]]] = {
    python.TOPIC: python.examine,
    models.TOPIC: models.examine,
    engines.TOPIC: engines.examine,
    ros.TOPIC: ros.examine,
    memory.TOPIC: memory.examine,
    gpu.TOPIC: gpu.examine,
    files.TOPIC: files.examine,
}
"""The topics in the order of the table, each with what looks at it."""


def examine() -> Iterator[Finding]:
    """Look at everything, one row after the other."""
    for topic in TOPICS:
        yield from _examine(topic)


def _examine(topic: str) -> Iterator[Finding]:
    try:
        yield from TOPICS[topic]()
    except ImportError as error:
        # NumPy itself may not load; the rows on Python say what to do.
        yield Finding(topic, topic, "missing", str(error), "see the rows on python")


def report(findings: list[Finding]) -> dict[str, Any]:
    """Give the table as plain values, with the verdict on top.

    Args:
        findings: What `examine` found.
    """
    return {
        "works": not any(finding.is_fatal for finding in findings),
        "counts": {
            status: sum(finding.status == status for finding in findings)
            for status in ("ok", "warn", "missing")
        },
        "findings": [finding.to_mapping() for finding in findings],
    }
