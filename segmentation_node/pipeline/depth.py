"""How many frames may be begun and not finished."""

from __future__ import annotations

from segmentation_node.errors import EngineError


def check_under_way(count: int, most: int) -> None:
    """Check that a pipeline can take another frame.

    Args:
        count: Frames that were begun and not finished.
        most: How many there may be.

    Raises:
        EngineError: There are more.
    """
    if count > most:
        raise EngineError(
            received=f"another frame while {count} are under way",
            expected=f"at most {most}",
            fix="call finish for each frame that was begun",
        )


def nothing_begun() -> EngineError:
    """What is said where there is no frame to finish."""
    return EngineError("no frame to finish", "one that was begun", "call begin first")
