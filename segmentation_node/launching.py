"""What the launch files share: how their arguments are read, and the names that they lead to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from segmentation_node.errors import ConfigError, nearest


class Context(Protocol):
    """As far as it is used here, `launch.LaunchContext`: this package can be without launch."""

    @property
    def launch_configurations(self) -> Mapping[str, str]:
        """The arguments by name, and what was pushed before, such as `ros_namespace`."""


def check_arguments(typed: Sequence[str], known: Mapping[str, Collection[str]]) -> None:
    """Refuse arguments of unknown names, which launch itself passes over without a word.

    A launch file that includes one of these has arguments of its own: there nothing is refused.

    Args:
        typed: The command line.
        known: For each launch file of this package, by its name, the names of its arguments.

    Raises:
        ConfigError: A name is unknown.
    """
    file = next((Path(word).name for word in typed if Path(word).name in known), "")
    for name in (word.partition(":=")[0] for word in typed if file and ":=" in word):
        if name not in known[file]:
            near = nearest(name, known[file])
            raise ConfigError(
                received=f"the launch argument {name}:=, which {file} does not have",
                expected="one of " + ", ".join(sorted(known[file])),
                fix=f"write {near}:=" if near else "leave it out; --show-args explains them",
            )


def given(context: Context, name: str) -> str:
    """What the user wrote for an argument, without blanks around it; empty where nothing.

    Args:
        context: That of the launch.
        name: The argument's name.
    """
    return context.launch_configurations.get(name, "").strip()


def switch(name: str, text: str) -> bool:
    """Read a truth value as ROS users write them.

    Args:
        name: Of the argument, for the error.
        text: What was given.

    Raises:
        ConfigError: It is neither.
    """
    if text.lower() in {"true", "1", "yes", "on"}:
        return True
    if text.lower() in {"false", "0", "no", "off"}:
        return False
    raise ConfigError(f"{name}:={text}", "true or false", f"{name}:=true or {name}:=false")


def words(text: str) -> list[str]:
    """Read a list as it is typed: words between commas, with or without the brackets of YAML.

    Args:
        text: What was given for an argument.
    """
    inner = text.removeprefix("[").removesuffix("]")
    return [word for part in inner.split(",") if (word := part.strip().strip("'\""))]


def absolute_name(context: Context, name: str) -> str:
    """The absolute name that the node's namespace gives to a name; one that is absolute stays.

    Args:
        context: That of the launch.
        name: Such as `segmentation_node/labels`.
    """
    if name.startswith("/"):
        return name
    own = given(context, "namespace")
    pushed = "" if own.startswith("/") else context.launch_configurations.get("ros_namespace", "")
    spaces = [space.strip("/") for space in (pushed, own)]
    return "/" + "/".join([*filter(None, spaces), name])
