"""What became of the frames of a camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Counts:
    """What became of the frames; `received` is the sum of the others and of those under way.

    Args:
        received: Frames handed over, the bad ones too.
        processed: Frames computed and published.
        skipped: Frames that a newer one replaced, or that waited when the worker was paused.
        limited: Frames above the rate limit, left alone before any work on them.
        malformed: Frames that could not be read.
        failed: Frames lost to an error of the engine or of publishing.
    """

    received: int = 0
    processed: int = 0
    skipped: int = 0
    limited: int = 0
    malformed: int = 0
    failed: int = 0

    @classmethod
    def total(cls, parts: Iterable[Counts]) -> Counts:
        """The sum of several counts, such as those of all cameras."""
        whole = cls()
        for part in parts:
            whole = whole.plus(**asdict(part))
        return whole

    @property
    def wanted(self) -> int:
        """Frames that were to be answered: all but those above the rate limit."""
        return self.received - self.limited

    def plus(self, **more: int) -> Counts:
        """The counts with the named ones raised."""
        return replace(self, **{name: getattr(self, name) + by for name, by in more.items()})

    def minus(self, earlier: Counts) -> Counts:
        """What was added since `earlier`."""
        then = asdict(earlier)
        return Counts(**{name: count - then[name] for name, count in asdict(self).items()})
