"""The engines of a cache, and which of them run on this machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from segmentation_node.engines.cache import EngineStore, Entry
from segmentation_node.engines.tensorrt_machine import Machine, this_machine


@dataclass(frozen=True)
class CachedEngine:
    """An engine of the cache.

    Args:
        entry: Its files.
        why_not: Why it does not run here; empty where it does.
    """

    entry: Entry
    why_not: str

    def to_mapping(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        known = self.entry.manifest
        return {
            "name": self.entry.name,
            "path": str(self.entry.plan),
            "size_bytes": self.entry.size_bytes,
            "why_not": self.why_not,
            "manifest": asdict(known) if known else None,
        }


def cached_engines(store: EngineStore, machine: Machine | None = None) -> list[CachedEngine]:
    """Every engine of a cache, the newest first."""
    machine = machine or this_machine()
    return [CachedEngine(entry, _why_not(entry, machine)) for entry in store.entries()]


def _why_not(entry: Entry, machine: Machine) -> str:
    if entry.problem or entry.manifest is None:
        return entry.problem
    return machine.why_not(entry.manifest.key)
