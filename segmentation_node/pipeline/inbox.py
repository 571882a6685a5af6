"""Where frames wait for the engine that all cameras share, and whose turn is next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from segmentation_node.errors import ConfigError

Item = TypeVar("Item")

MODES = ("latest", "every")


class Inbox(Generic[Item]):
    """Keeps the waiting frames of each camera, and picks the next one in fair turns.

    The turn goes round: after a camera was served, those after it come first. So a camera waits for
    one frame of each other camera at most, however fast those are.

    An engine that computes several frames at once would ask for a batch here: what waits at one
    moment, and whose turn it is, is known nowhere else.

    Whoever owns it guards it with a lock: it has none of its own.

    Args:
        cameras: How many cameras there are.
        mode: `latest` keeps one frame of each camera and replaces it; `every` keeps all, in order.
        queue_size: With `every`, how many frames of each camera may wait.

    Raises:
        ConfigError: There is no such mode.
    """

    def __init__(self, cameras: int = 1, mode: str = "latest", queue_size: int = 10) -> None:
        if mode not in MODES:
            raise ConfigError(f"mode: {mode!r}", " or ".join(MODES), "correct the mode")
        self._replaces = mode == "latest"
        self._capacity = 1 if self._replaces else queue_size
        self._waiting: list[deque[Item]] = [deque() for _ in range(cameras)]
        self._first = 0

    def __len__(self) -> int:
        """How many frames wait, of all cameras."""
        return sum(map(len, self._waiting))

    def has_room(self, camera: int = 0) -> bool:
        """Whether a frame of a camera can be put in now."""
        return self._replaces or len(self._waiting[camera]) < self._capacity

    def put(self, item: Item, camera: int = 0) -> int:
        """Put a frame in.

        Returns:
            How many waiting ones it replaced: 0 or 1.
        """
        waiting = self._waiting[camera]
        replaced = len(waiting) if self._replaces else 0
        if self._replaces:
            waiting.clear()
        waiting.append(item)
        return replaced

    def next_camera(self, may: Callable[[int], bool] = lambda _: True) -> int | None:
        """Whose turn it is.

        Args:
            may: Whether a frame of a camera can be served now.

        Returns:
            A camera with a waiting frame; None where there is none that may.
        """
        count = len(self._waiting)
        turns = ((self._first + step) % count for step in range(count))
        return next((one for one in turns if self._waiting[one] and may(one)), None)

    def take(self, camera: int) -> Item:
        """Take a camera's oldest frame out; the turn goes to the cameras after it."""
        self._first = (camera + 1) % len(self._waiting)
        return self._waiting[camera].popleft()

    def clear(self) -> list[int]:
        """Drop all that waits; give how many frames of each camera."""
        dropped = [len(waiting) for waiting in self._waiting]
        for waiting in self._waiting:
            waiting.clear()
        return dropped
