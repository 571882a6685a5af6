"""What /diagnostics says of an engine that is being built."""

from __future__ import annotations

from segmentation_node.engines import BuildState


def build_facts(build: BuildState | None) -> dict[str, object]:
    """How far the building of an engine is, by the keys of the diagnostics; empty without one."""
    if build is None:
        return {}
    return {
        "engine_build": build.what,
        "engine_build_reason": build.reason,
        "engine_build_percent": f"{100 * build.fraction:.0f}",
        "engine_build_phase": build.phase,
        "engine_build_s": f"{build.seconds:.0f}",
    }
