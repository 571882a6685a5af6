"""How far many bags are."""

from __future__ import annotations

from collections.abc import Callable

Show = Callable[[str, int, int], None]
"""Called with what is counted (`bags`, `frames`), how many are done, and how many there are."""


class Meter:
    """Adds up the progress of bags that run at the same time.

    Args:
        show: Called whenever something has moved.
        bags: How many bags there are.
    """

    def __init__(self, show: Show, bags: int) -> None:
        self._show = show
        self._bags = bags
        self._ended = 0
        self._frames = 0
        self._under_way: dict[int, tuple[int, int]] = {}
        show("bags", 0, bags)

    def moved(self, bag: int, done: int, total: int) -> None:
        """Take in how far a bag is.

        Args:
            bag: Which one.
            done: Its frames that are done.
            total: Its frames.
        """
        self._under_way[bag] = done, total
        self._show_frames()

    def ended(self, bag: int, frames: int) -> None:
        """Take in that a bag needs nothing more.

        Args:
            bag: Which one.
            frames: How many of its frames were segmented.
        """
        self._under_way.pop(bag, None)
        self._ended += 1
        self._frames += frames
        self._show_frames()
        self._show("bags", self._ended, self._bags)

    def _show_frames(self) -> None:
        done = self._frames + sum(done for done, _ in self._under_way.values())
        # Of the bags that have begun: to count the others they would have to be opened.
        self._show("frames", done, self._frames + sum(all_ for _, all_ in self._under_way.values()))
