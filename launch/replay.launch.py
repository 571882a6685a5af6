"""Play a bag, segment it as it plays, and show both in RViz if asked for.

    ros2 launch segmentation_node replay.launch.py bag:=drive.mcap image_topic:=/cam rviz:=true

The bag begins once the node is active; where that cannot be asked the launch ends. All of them take
the time from the bag. Every argument of seg.launch.py can be given as well. `segmentation run`
segments a bag without playing it, which is faster and leaves no frame out.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.some_substitutions_type import SomeSubstitutionsType
from launch_ros.substitutions import ExecutableInPackage

from launch import LaunchContext, LaunchDescription
from segmentation_node.config import NodeConfig
from segmentation_node.errors import ConfigError, TransportError, nearest
from segmentation_node.files import at_home
from segmentation_node.launching import absolute_name, given, switch, words
from segmentation_node.resources import share_directory

NODE = "segmentation_node"


def declare_arguments() -> list[DeclareLaunchArgument]:
    """List the arguments of this file; those of seg.launch.py come with it."""
    return [
        DeclareLaunchArgument("bag", description="A bag: its folder, or its .mcap or .db3 file"),
        DeclareLaunchArgument("rate", default_value="1.0", description="Speed: 2 is twice as fast"),
        DeclareLaunchArgument(
            "loop", default_value="false", description="Begin again at the end: true or false"
        ),
        DeclareLaunchArgument(
            "shutdown_at_end",
            default_value="false",
            description="End all of it when the bag has ended: true or false",
        ),
        # The defaults of seg.launch.py, but for these.
        DeclareLaunchArgument(
            "qos", default_value="auto", description="A bag's cameras are as they were recorded"
        ),
        DeclareLaunchArgument(
            "use_sim_time", default_value="true", description="Take the time from the bag"
        ),
    ]


def player_command(bag: Path, rate: str, loop: bool) -> list[SomeSubstitutionsType]:
    """The command that plays: ROS's own where it is installed, else the one of this package."""
    # The installed program and not this interpreter: what it needs may be in a virtual environment.
    own = [ExecutableInPackage(package=NODE, executable="segmentation"), "play"]
    command = own if find_spec("ros2bag") is None else ["ros2", "bag", "play"]
    return [*command, str(bag), "--clock", "--rate", rate, *(["--loop"] if loop else [])]


def bag_player(context: LaunchContext) -> ExecuteProcess:
    """Describe the process that plays the bag, as it was asked for.

    Raises:
        ConfigError: There is no bag, or an argument is none that it takes.
    """
    bag = at_home(given(context, "bag"))
    if not bag.exists():
        raise ConfigError(
            f"bag:={bag}", "a bag's folder, or its .mcap or .db3 file", "correct the path"
        )
    ends_all = switch("shutdown_at_end", given(context, "shutdown_at_end"))
    loop = switch("loop", given(context, "loop"))
    return ExecuteProcess(
        cmd=player_command(bag, given(context, "rate"), loop),
        output="screen",
        # None and not an empty list, at whose end launch fails and takes the node with it.
        on_exit=[Shutdown(reason="the bag has ended")] if ends_all else None,
    )


def check_arguments(context: LaunchContext) -> list[Action]:
    """Refuse what cannot be played before the node runs, which an error later would leave alone.

    Raises:
        ConfigError: As `bag_player`; or a topic that the node is to listen to is not in the bag.
        BagError: The bag cannot be read.
    """
    bag_player(context)
    texts = [given(context, name) for name in ("image_topics", "image_topic")]
    topics = words(texts[0]) or words(texts[1])
    if not topics and not given(context, "params_file"):
        topics = [NodeConfig().image_topic]
    # launch's own Python may be without the library that reads bags: then the player looks.
    if find_spec("rosbags") is not None:
        suffix = "/compressed" if given(context, "image_transport") == "compressed" else ""
        wanted = [absolute_name(context, one) + suffix for one in topics]
        check_topics(at_home(given(context, "bag")), wanted)
    return []


def check_topics(bag: Path, topics: list[str]) -> None:
    """Refuse a bag without the images that are to be segmented: nothing would ever come.

    Raises:
        ConfigError: A topic is not in the bag.
        BagError: The bag cannot be read.
    """
    from segmentation_node.bags.images import IMAGE_TYPES  # noqa: PLC0415
    from segmentation_node.bags.reader import BagReader  # noqa: PLC0415

    with BagReader(bag) as reader:
        images = [name for name, kind in reader.topics.items() if kind in IMAGE_TYPES]
    for topic in topics:
        if topic not in images:
            near = nearest(topic, images) or (images[0] if len(images) == 1 else "TOPIC")
            compressed = " image_transport:=compressed" if near.endswith("/compressed") else ""
            raise ConfigError(
                received=f"{bag} without images on {topic}",
                expected="one of its image topics: " + (", ".join(images) or "it has none"),
                fix=f"say image_topic:={near.removesuffix('/compressed')}{compressed}",
            )


def player(context: LaunchContext) -> list[Action]:
    """Describe the player, which starts when the node is active: it would miss what came before."""
    play = bag_player(context)
    # Asked for, as the event of the transition may come before this process listens to it.
    asking = [sys.executable, "-m", "segmentation_node.ros.await_active"]
    wait = ExecuteProcess(cmd=[*asking, absolute_name(context, NODE)], output="screen")

    def begin(ended: ProcessExited, now: LaunchContext) -> list[Action]:
        return play_once_active(play, ended.returncode, now)

    return [RegisterEventHandler(OnProcessExit(target_action=wait, on_exit=begin)), wait]


def play_once_active(play: Action, status: int, context: LaunchContext) -> list[Action]:
    """Start the player where the node is active, as the status of the program that waited says.

    Raises:
        TransportError: It is not known to be, nor will be; raised here, it ends the launch.
    """
    if context.is_shutdown:
        return []  # Ctrl-C ends the waiting too
    if status != 0:
        raise TransportError(
            received=f"exit status {status} from the program that waits for the node",
            expected="it to end once the node is active; the bag would be played to nobody",
            fix="see what it said above, and what `segmentation doctor` says of ROS 2 here",
        )
    return [play]


def generate_launch_description() -> LaunchDescription:
    """Entry point of `ros2 launch`."""
    single = str(share_directory() / "launch" / "seg.launch.py")
    return LaunchDescription(
        [
            *declare_arguments(),
            OpaqueFunction(function=check_arguments),
            # What is given here is given there too: an included file sees these arguments.
            IncludeLaunchDescription(PythonLaunchDescriptionSource(single)),
            # After it, so that the player gets the settings for large images as well.
            OpaqueFunction(function=player),
        ]
    )
