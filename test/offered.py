"""What publishers offer, in the words in which the node names it."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

BEST_EFFORT, RELIABLE = "best_effort, volatile", "reliable, volatile"
LATCHED, CARELESS_LATCHED = "reliable, transient_local", "best_effort, transient_local"


def offered(text: str) -> QoSProfile:
    """A publisher's profile from such words."""
    reliability, durability = text.upper().split(", ")
    return QoSProfile(
        depth=1, reliability=ReliabilityPolicy[reliability], durability=DurabilityPolicy[durability]
    )
