"""When each message of a replay is due. Pure arithmetic: no clock is read here, nothing waits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.errors import ConfigError

SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class ReplaySettings:
    """How a bag is replayed.

    Attributes:
        rate: Replayed seconds per second; 2.0 is twice as fast.
        start_s: Seconds of the bag to leave out at its beginning.
        loop: Whether to begin again at the end, for ever.
    """

    rate: float = 1.0
    start_s: float = 0.0
    loop: bool = False

    def __post_init__(self) -> None:
        if not 0.001 <= self.rate <= 1000.0:
            raise ConfigError(
                received=f"the rate {self.rate:g}",
                expected="a rate from 0.001 to 1000, where 1 is real time",
                fix="choose a rate in that range",
            )
        if not 0.0 <= self.start_s < float("inf"):
            raise ConfigError(
                received=f"the start {self.start_s:g} s",
                expected="seconds from the beginning of the bag, 0 or more",
                fix="choose a start inside the bag",
            )


@dataclass(frozen=True)
class Due:
    """A message and when it is to go out.

    Attributes:
        message: The message.
        offset_ns: When, in ns after the replay began.
        lap: How many times the bag was replayed in full before.
    """

    message: Message
    offset_ns: int
    lap: int


@dataclass(frozen=True)
class Timeline:
    """Maps times of a bag to times of its replay.

    Attributes:
        first_ns: The bag's time that the replay begins at, ns since the epoch.
        lap_ns: The bag's time from one beginning to the next when it loops.
        rate: Replayed seconds per second.
    """

    first_ns: int
    lap_ns: int
    rate: float

    @classmethod
    def of(cls, bag: BagReader, topics: Collection[str], settings: ReplaySettings) -> Timeline:
        """Lay out a bag.

        Raises:
            ConfigError: The start lies beyond the end of the bag.
        """
        first_ns = bag.start_ns + int(settings.start_s * SECOND_NS)
        if bag.count and first_ns > bag.end_ns:
            raise ConfigError(
                received=f"the start {settings.start_s:g} s",
                expected=f"less than the bag's {(bag.end_ns - bag.start_ns) / SECOND_NS:g} s",
                fix="choose a start inside the bag",
            )
        # The busiest topic's interval separates two laps, or their ends would coincide.
        busiest = max((bag.count_of(topic) for topic in topics), default=0)
        interval_ns = (bag.end_ns - bag.start_ns) // max(1, busiest - 1)
        return cls(first_ns, bag.end_ns - first_ns + interval_ns, settings.rate)

    def offset_ns(self, time_ns: int, lap: int = 0) -> int:
        """When a message is due, in ns after the replay began.

        Args:
            time_ns: When it was recorded, ns since the epoch.
            lap: How many times the bag was replayed in full before.
        """
        return round((time_ns - self.first_ns + lap * self.lap_ns) / self.rate)

    def time_ns(self, offset_ns: int) -> int:
        """The bag's time that the replay has reached, for `/clock`.

        Args:
            offset_ns: ns since the replay began.
        """
        return self.first_ns + round(offset_ns * self.rate) % max(1, self.lap_ns)


def replay(
    bag: BagReader, topics: Collection[str], timeline: Timeline, settings: ReplaySettings
) -> Iterator[Due]:
    """Yield the messages of a bag with their times, again and again when it loops.

    Args:
        bag: An open bag.
        topics: The topics to replay.
        timeline: The bag's layout.
        settings: How to replay it.
    """
    lap = 0
    while True:
        yielded = False
        for message in bag.messages(topics, timeline.first_ns):
            yielded = True
            yield Due(message, timeline.offset_ns(message.time_ns, lap), lap)
        if not (settings.loop and yielded):
            return
        lap += 1
