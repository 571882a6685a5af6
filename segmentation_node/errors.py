"""The errors of the package: one root, and one class for each thing that can be bad."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a misspelt one is closest to; empty where none is close.

    Args:
        name: As the user wrote it; case does not count.
        known: The names that there are.
    """
    import difflib  # noqa: PLC0415  # 3 ms, and only a mistake needs it

    by_folded = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else ""


def meant(name: str, known: Iterable[str], otherwise: str = "choose one of them") -> str:
    """What to do about a name that is none: write the one that was meant, where that is clear.

    Args:
        name: As the user wrote it.
        known: The names that there are.
        otherwise: What to do where none is close.
    """
    near = nearest(name, known)
    return f"write {near}" if near else otherwise


class SegmentationError(Exception):
    """Root of every error that this package raises on purpose.

    An error always carries the three things that a reader needs: what was received, what was
    expected instead, and what to do about it.

    Args:
        received: What was found, with its figures.
        expected: What would have been right.
        fix: What the user can do, as an instruction.
    """

    def __init__(self, received: str, expected: str, fix: str) -> None:
        self.received = received
        self.expected = expected
        self.fix = fix
        super().__init__(f"received {received}; expected {expected}; fix: {fix}")

    def __reduce__(self) -> tuple[type[SegmentationError], tuple[str, str, str]]:
        # BaseException would hand the joined sentence to __init__ when the error crosses a process.
        return type(self), (self.received, self.expected, self.fix)


class FrameError(SegmentationError):
    """An image that cannot be read: encoding, size, step, data length or compressed bytes."""


class ModelError(SegmentationError):
    """A network or its sidecar that is missing, damaged, or disagrees with the other."""


class FixedBatchError(ModelError):
    """A network that takes so many images at a time and no other number."""


class EngineError(SegmentationError):
    """A runtime that is missing, or cannot do the precision or size that was asked for."""


class ConfigError(SegmentationError):
    """A parameter or configuration file with a wrong name, type or range."""


class BagError(SegmentationError):
    """A bag that is missing, cut short, or holds no usable topic."""


class MediaError(SegmentationError):
    """An image, folder or video that cannot be read or written."""


class DatasetError(SegmentationError):
    """A dataset that is not laid out as its format says."""


class OutputError(SegmentationError):
    """A place that cannot be written to."""


class TransportError(SegmentationError):
    """Shared memory or middleware settings that cannot work on this machine."""
