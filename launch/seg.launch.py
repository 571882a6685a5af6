"""Start the segmentation node, and RViz if asked for.

An argument that is given overrides the parameter file; one that is left empty does not.

    ros2 launch segmentation_node seg.launch.py image_topic:=/camera/image_raw rviz:=true

Everything that is launched here, or after this file in a launch file that includes it, gets the
settings for large images over DDS (docs/dds.md). Include it inside a GroupAction to keep them to
this node.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from launch.action import Action
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction, SetEnvironmentVariable
from launch_ros.actions import LifecycleNode, Node

from launch import LaunchContext, LaunchDescription
from segmentation_node.cameras import Camera, cameras_of
from segmentation_node.config import NodeConfig
from segmentation_node.errors import ConfigError
from segmentation_node.launching import absolute_name, check_arguments, given, switch, words
from segmentation_node.resources import share_directory
from segmentation_node.ros.parameter_files import check_parameter_file
from segmentation_node.transport import tidy_plan

NAME = "segmentation_node"
SHARE = share_directory()

# Arguments that are parameters of the node, by their types.
TEXTS = {
    "image_topic": "Topic of the camera images, such as /camera/image_raw",
    "image_transport": "Kind of the camera's messages: raw or compressed",
    "mode": "What happens when frames come too fast: latest or every",
    "qos": "Quality of service asked of the camera: auto (what it offers), sensor_data or reliable",
    "model": "Shipped model (camvid, rendered), or the path of an .onnx with its .yaml beside it",
    "engine": "Runtime: auto, openvino or tensorrt",
    "precision": "Arithmetic: auto, fp32, bf16, fp16 or int8",
    "network_size": "Network input as HEIGHTxWIDTH, such as 512x1024, or auto, or default",
    "roi": "Part of the image to segment: x,y,width,height in pixels or fractions; for each of "
    "several cameras, separated by semicolons",
    "output_size": "Size of the published images: camera or network",
    "class_map": "Merges classes: a shipped map such as camvid11_to_drivable, or a path",
    "palette": "Other colours for classes: the path of a .yaml file",
}
LISTS = {
    "image_topics": "Topics of several cameras, in place of image_topic: /front/image,/rear/image",
    "camera_names": "Their names, for the topics of their outputs: front,rear",
}
SWITCHES = {
    "use_sim_time": "Take the time from /clock: true or false",
    "autostart": "Configure and activate without being asked: true or false",
}
OTHERS = ("params_file", "namespace", "rviz", "log_level")
OF_REPLAY = ("bag", "rate", "loop", "shutdown_at_end")
"""What replay.launch.py, which includes this file, has beside the arguments of this one."""


def declare_arguments() -> list[DeclareLaunchArgument]:
    """List every argument; those of the node are empty unless given."""
    unset = " (empty: as params_file says)"
    node = [
        DeclareLaunchArgument(name, default_value="", description=text + unset)
        for name, text in {**TEXTS, **LISTS, **SWITCHES}.items()
    ]
    return [
        *node,
        DeclareLaunchArgument(
            "params_file",
            default_value=str(SHARE / "config" / "seg.yaml"),
            description="YAML file with the node's parameters",
        ),
        DeclareLaunchArgument(
            "namespace", default_value="", description="Namespace of the node and its topics"
        ),
        DeclareLaunchArgument(
            "rviz",
            default_value="false",
            description="Show input, colour and overlay of the first camera in RViz: true or false",
        ),
        DeclareLaunchArgument(
            "log_level",
            default_value="info",
            choices=["debug", "info", "warn", "error", "fatal"],
            description="Least severe message that the node prints",
        ),
    ]


def params_file(context: LaunchContext) -> str:
    """Return the parameter file; launch_ros itself would only warn if it were missing."""
    path = Path(given(context, "params_file")).expanduser()
    if not path.is_file():
        raise ConfigError(
            received=f"params_file:={path}",
            expected="a YAML file such as the package's config/seg.yaml",
            fix="correct the path, or leave params_file out for the defaults",
        )
    check_parameter_file(path, absolute_name(context, NAME))
    return str(path)


def overrides(context: LaunchContext) -> dict[str, str | bool | list[str]]:
    """Collect the parameters that were given on the command line or by an including file."""
    texts = {name: given(context, name) for name in TEXTS}
    lists = {name: words(given(context, name)) for name in LISTS}
    switches = {name: given(context, name) for name in SWITCHES}
    return {
        **{name: text for name, text in texts.items() if text},
        **{name: several for name, several in lists.items() if several},
        **{name: switch(name, text) for name, text in switches.items() if text},
    }


def transport_actions(context: LaunchContext) -> list[Action]:
    """Set the environment for images over DDS, and say what could not be done."""
    plan = tidy_plan(context.environment)
    set_variables = [SetEnvironmentVariable(name, text) for name, text in plan.variables.items()]
    return [*set_variables, *(LogInfo(msg=f"warning: {text}") for text in plan.warnings)]


def segmentation_node(context: LaunchContext) -> LifecycleNode:
    """Describe the node; it brings itself up when autostart is true."""
    logger = absolute_name(context, NAME).strip("/").replace("/", ".")
    return LifecycleNode(
        package=NAME,
        executable=NAME,
        name=NAME,
        namespace=given(context, "namespace"),
        parameters=[params_file(context), *filter(None, [overrides(context)])],
        arguments=["--ros-args", "--log-level", f"{logger}:={given(context, 'log_level')}"],
        output="screen",
        # Colours for a terminal alone: a log file would hold their codes.
        emulate_tty=sys.stdout.isatty(),
    )


def first_camera(context: LaunchContext) -> Camera:
    """Return the camera that RViz shows; one that was not given is that of the defaults."""
    texts = {name: given(context, name) for name in ("image_topic", "image_transport", "roi")}
    lists = {name: tuple(words(given(context, name))) for name in LISTS}
    known = {name: value for name, value in {**texts, **lists}.items() if value}
    return cameras_of(NodeConfig(**known))[0]


def rviz(context: LaunchContext) -> Node:
    """Describe RViz, with the topics of the configuration led to those of this launch."""
    camera = first_camera(context)
    topics = [
        (f"/{NAME}/{end}", absolute_name(context, camera.topic_of(end).replace("~", NAME)))
        for end in ("color", "overlay")
    ]
    # That is the network's, whatever its cameras.
    topics.append((f"/{NAME}/legend_image", absolute_name(context, f"{NAME}/legend_image")))
    if given(context, "image_topic") or given(context, "image_topics"):
        topic = camera.config.image_topic
        topics.append(("/camera/image_raw", absolute_name(context, topic)))
    sim_time = switch("use_sim_time", given(context, "use_sim_time") or "false")
    return Node(
        package="rviz2",
        executable="rviz2",
        name="rviz2",
        arguments=["-d", str(SHARE / "config" / "seg.rviz")],
        parameters=[{"use_sim_time": sim_time}],
        remappings=topics,
    )


def require_rviz() -> None:
    """Look for RViz before anything is started: a launch that fails later leaves the node alone.

    Raises:
        ConfigError: It is not installed.
    """
    # Comes with launch_ros.
    from ament_index_python.packages import (  # noqa: PLC0415
        PackageNotFoundError,
        get_package_prefix,
    )

    try:
        get_package_prefix("rviz2")
    except (PackageNotFoundError, OSError):  # the latter where no ROS is sourced
        distribution = os.environ.get("ROS_DISTRO", "$ROS_DISTRO")
        raise ConfigError(
            received="rviz:=true on a machine without the package rviz2",
            expected="RViz beside ROS 2",
            fix=f"sudo apt install ros-{distribution}-rviz2, or leave rviz:=true out",
        ) from None


def start(context: LaunchContext) -> list[Action]:
    """Build the actions once the arguments are known."""
    own = [*TEXTS, *LISTS, *SWITCHES, *OTHERS]
    several = {"seg.launch.py": own, "multi_camera.launch.py": own}
    check_arguments(sys.argv, {**several, "replay.launch.py": [*own, *OF_REPLAY]})
    show = switch("rviz", given(context, "rviz"))
    if show:
        require_rviz()
    return [
        *transport_actions(context),
        segmentation_node(context),
        *([rviz(context)] if show else []),
    ]


def generate_launch_description() -> LaunchDescription:
    """Entry point of `ros2 launch`."""
    return LaunchDescription([*declare_arguments(), OpaqueFunction(function=start)])
