"""Start one segmentation node for several cameras, which share its network.

    ros2 launch segmentation_node multi_camera.launch.py image_topics:=/front/image,/rear/image

The outputs of each camera are in a namespace of its own, here /segmentation_node/front/labels and
/segmentation_node/rear/labels. Every argument of seg.launch.py can be given as well, such as
image_transport:=compressed, and roi with one region for each camera.
"""

from __future__ import annotations

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

from launch import LaunchDescription
from segmentation_node.resources import share_directory


def generate_launch_description() -> LaunchDescription:
    """Entry point of `ros2 launch`."""
    topics = DeclareLaunchArgument(
        "image_topics",
        description="Topics of the cameras, separated by commas: /front/image_raw,/rear/image_raw",
    )
    single = str(share_directory() / "launch" / "seg.launch.py")
    # What is given here is given there too: an included file sees the arguments of this one.
    return LaunchDescription(
        [topics, IncludeLaunchDescription(PythonLaunchDescriptionSource(single))]
    )
