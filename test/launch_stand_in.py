"""Just enough of launch and launch_ros to run a launch file where they are not installed.

Actions only note what they were made with; the real ones are tested in test_with_launch.py.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class Action:
    """Stands for any action: its class name, its words and its options."""

    def __init__(self, *words: Any, **options: Any) -> None:
        self.words = words
        self.options = options


def action(name: str) -> type[Action]:
    return type(name, (Action,), {})


MODULES: dict[str, dict[str, Any]] = {
    "launch": {"LaunchContext": object, "LaunchDescription": list},
    "launch.action": {"Action": Action},
    "launch.events": {},
    "launch.actions": {
        name: action(name)
        for name in (
            "DeclareLaunchArgument",
            "ExecuteProcess",
            "IncludeLaunchDescription",
            "LogInfo",
            "OpaqueFunction",
            "RegisterEventHandler",
            "SetEnvironmentVariable",
            "Shutdown",
        )
    },
    "launch.event_handlers": {"OnProcessExit": action("OnProcessExit")},
    "launch.events.process": {"ProcessExited": object},
    "launch.launch_description_sources": {
        "PythonLaunchDescriptionSource": action("PythonLaunchDescriptionSource")
    },
    "launch.some_substitutions_type": {"SomeSubstitutionsType": object},
    "launch_ros": {},
    "launch_ros.actions": {name: action(name) for name in ("LifecycleNode", "Node")},
    "launch_ros.substitutions": {"ExecutableInPackage": action("ExecutableInPackage")},
}


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins where imports find them, for one test."""
    for name, members in MODULES.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)


def context(environment: dict[str, str] | None = None, **arguments: str) -> Any:
    """A context with the launch arguments that were given, of a launch that goes on."""
    return SimpleNamespace(
        launch_configurations=arguments, environment=environment or {}, is_shutdown=False
    )
