"""Things that hold something until they are closed, and are closed at the end of a `with`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

Holder = TypeVar("Holder", bound="Closing")


class Closing(ABC):
    """Something with a `close` that is safe to call twice."""

    @abstractmethod
    def close(self) -> None:
        """Release what is held; closing twice is safe."""

    def __enter__(self: Holder) -> Holder:
        """Give the thing itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it, whatever happened."""
        self.close()
