"""What the player is told on its command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from segmentation_node.bags.replay import ReplaySettings
from segmentation_node.errors import ConfigError


@dataclass(frozen=True)
class PlayOptions:
    """How a bag is played.

    Attributes:
        bag: The bag.
        settings: Rate, start and loop.
        topics: The topics wanted; all when empty.
        clock: Whether the bag's time is published on /clock.
        restamp: Whether header stamps are moved to the moment of publishing.
        decode: Whether compressed images, and raw ones of `topics`, are published as bgr8.
        wait_s: Longest time to wait for a subscriber of each image topic before the first message.
        report: File for when each image went out; None for none.
        events: Whether to print events for the process that started this one.
        ahead_mib: Memory for what is read and decoded ahead; it is filled before the first message.
    """

    bag: Path
    settings: ReplaySettings
    topics: tuple[str, ...] = ()
    clock: bool = False
    restamp: bool = False
    decode: bool = False
    wait_s: float = 1.0
    report: Path | None = None
    events: bool = False
    ahead_mib: int = 192

    def __post_init__(self) -> None:
        if self.ahead_mib < 1:
            raise ConfigError(
                received=f"{self.ahead_mib} MiB to read ahead",
                expected="1 or more",
                fix="give more memory, or leave the option out",
            )
        if self.clock and self.restamp:
            raise ConfigError(
                received="--clock together with --restamp",
                expected="one of them: stamps are either of the bag's time or of now",
                fix="leave one of them out",
            )


def parse(arguments: Sequence[str] | None = None) -> PlayOptions:
    """Read the command line.

    Args:
        arguments: The words after the program's name; those of this process when None.

    Raises:
        ConfigError: A value is out of range, or two options contradict each other.
    """
    given = vars(_parser().parse_args(arguments))
    settings = ReplaySettings(given.pop("rate"), given.pop("start"), given.pop("loop"))
    topics = tuple(given.pop("topics"))
    return PlayOptions(settings=settings, topics=topics, wait_s=given.pop("wait"), **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("player", description="Replays a bag over ROS 2.")
    parser.add_argument("bag", type=Path)
    parser.add_argument("--topics", nargs="*", default=[])
    parser.add_argument("--report", type=Path)
    parser.add_argument("--ahead-mib", type=int, default=192)
    for name, default in (("--rate", 1.0), ("--start", 0.0), ("--wait", 1.0)):
        parser.add_argument(name, type=float, default=default)
    for name in ("--loop", "--clock", "--restamp", "--decode", "--events"):
        parser.add_argument(name, action="store_true")
    return parser
