"""Names of topics that belong to another one, and move with it where that is remapped."""

from __future__ import annotations

from rclpy.node import Node


def companion(node: Node, base: str, name: str, moved_to: str = "") -> str:
    """The name to give ROS for a topic under or beside another, such as `/compressed`.

    A remapping of the topic itself wins. Else it goes where its base was remapped to, as
    image_transport has it: `-r /camera/image_raw:=/front/image_raw` also moves
    `/camera/image_raw/compressed` and `/camera/camera_info`.

    Args:
        node: The node whose remappings hold.
        base: The topic that it belongs to, as configured.
        name: The topic, as configured: under the base, or beside it.
        moved_to: What the base was remapped to, where that is known; else it is asked.

    Returns:
        The name as configured where its own remapping holds, which ROS applies again; else the
        full name that it moves to.
    """
    own = str(node.resolve_topic_name(name))
    plain, plain_base = (
        str(node.resolve_topic_name(one, only_expand=True)) for one in (name, base)
    )
    moved = moved_to or str(node.resolve_topic_name(base))
    if own != plain or moved == plain_base:
        return name
    if plain.startswith(f"{plain_base}/"):
        return moved + plain.removeprefix(plain_base)
    return f"{moved.rpartition('/')[0]}/{plain.rpartition('/')[2]}"
