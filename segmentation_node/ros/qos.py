"""Qualities of service of the node's topics."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from segmentation_node.config import NodeConfig


def _keep_last(depth: int, reliability: ReliabilityPolicy, latched: bool = False) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


_RELIABILITIES = {
    "sensor_data": ReliabilityPolicy.BEST_EFFORT,
    "reliable": ReliabilityPolicy.RELIABLE,
}


def image_subscription(
    config: NodeConfig,
    offered: Sequence[QoSProfile] = (),
    standing: QoSProfile | None = None,
) -> QoSProfile:
    """The quality of service with which camera images are subscribed to.

    `auto`, the default, asks for what all publishers offer, so that none of them goes unheard and a
    reliable one loses nothing. A subscription cannot change: a match costs the frames that are on
    their way while the old one is replaced. While there is no publisher it asks for best effort,
    which matches every camera: a reliable subscription gets nothing from a best-effort publisher.
    Over shared memory (config/fastdds_shm.xml) best effort loses no frame either, as long as the
    node comes to take them before `qos_depth` more have arrived.

    Args:
        config: The node's parameters.
        offered: What the topic's publishers offer; read by `auto` alone.
        standing: What is asked for now; `auto` keeps it while there is no publisher.
    """
    if config.qos != "auto":
        return _keep_last(config.qos_depth, _RELIABILITIES[config.qos])
    if not offered:
        return standing or _keep_last(config.qos_depth, ReliabilityPolicy.BEST_EFFORT)
    if not all(one.reliability == ReliabilityPolicy.RELIABLE for one in offered):
        return _keep_last(config.qos_depth, ReliabilityPolicy.BEST_EFFORT)
    # What was sent before somebody listened is kept for reliable subscribers alone.
    latched = all(one.durability == DurabilityPolicy.TRANSIENT_LOCAL for one in offered)
    return _keep_last(config.qos_depth, ReliabilityPolicy.RELIABLE, latched)


def named(qos: QoSProfile) -> str:
    """Reliability and durability as ROS tools spell them, such as `reliable, volatile`."""
    return f"{qos.reliability.name.lower()}, {qos.durability.name.lower()}"


# Reliable publishers match reliable and best-effort subscribers: RViz, rqt and ros2 bag all get
# their images. With keep-last a slow subscriber cannot hold the node up: once five images wait for
# it, the oldest makes room.
IMAGE_PUBLICATION = _keep_last(5, ReliabilityPolicy.RELIABLE)

# Best effort matches every camera, and the next calibration is as good as the one that was lost.
INFO_SUBSCRIPTION = _keep_last(5, ReliabilityPolicy.BEST_EFFORT)

# Kept for whoever subscribes later: it is sent once.
LATCHED_PUBLICATION = _keep_last(1, ReliabilityPolicy.RELIABLE, latched=True)

# Plots take them one by one: a second of a fast camera may wait.
TIMING_PUBLICATION = _keep_last(100, ReliabilityPolicy.RELIABLE)

DIAGNOSTICS_PUBLICATION = _keep_last(10, ReliabilityPolicy.RELIABLE)
