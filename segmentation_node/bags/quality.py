"""Quality of service as a bag recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Quality:
    """What the recorded publishers of a topic offered.

    Attributes:
        best_effort: Whether one of them did not promise delivery.
        latched: Whether they all kept their last messages for those who join late.
    """

    best_effort: bool = False
    latched: bool = False


def recorded_quality(connections: list[Any]) -> Quality:
    """Sum up the profiles of a topic: what every subscriber that knew it can still accept.

    Args:
        connections: The bag's entries for the topic.
    """
    profiles = [profile for entry in connections for profile in entry.ext.offered_qos_profiles]
    return Quality(
        best_effort=any(profile.reliability.name == "BEST_EFFORT" for profile in profiles),
        latched=bool(profiles)
        and all(profile.durability.name == "TRANSIENT_LOCAL" for profile in profiles),
    )
