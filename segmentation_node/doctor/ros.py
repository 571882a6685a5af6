"""ROS 2: which distribution and middleware, and whether images really arrive."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator

from segmentation_node.doctor import trial
from segmentation_node.doctor.finding import Finding
from segmentation_node.doctor.python import version_of
from segmentation_node.installing import pip_install

TOPIC = "ros"
PROBE = "segmentation_node.ros.probe"
GET_ROS = "source /opt/ros/<distribution>/setup.bash, or without ROS: " + pip_install(
    ".[ros-wheels]"
)
FRAMES = 30


def examine() -> Iterator[Finding]:
    """Look at the installation, then send images from one process to another."""
    yield _rclpy()
    if version_of("rclpy") is not None:
        yield _images()
    yield _optional("launch_ros", "launch files", "without it: ros2 run, or segmentation_node")
    yield _optional("cv_bridge", "rare image encodings", "only encodings outside the table need it")
    yield _optional("vision_msgs", "~/label_info", "apt install ros-$ROS_DISTRO-vision-msgs")
    yield _viewer()


def _rclpy() -> Finding:
    """Load rclpy and make a node; broken is worse than absent, since it is meant to be there."""
    version = version_of("rclpy")
    if version is None:
        return Finding(TOPIC, "rclpy", "missing", "not installed: no node, no topics", GET_ROS)
    done = trial.run(PROBE, "node")
    if done.problem:
        remedy = f"{GET_ROS}; the Python must be the one that ROS was built for"
        return Finding(TOPIC, "rclpy", "missing", done.problem, remedy, essential=True)
    distribution = os.environ.get("ROS_DISTRO", "wheels, no distribution sourced")
    domain = os.environ.get("ROS_DOMAIN_ID", "0")
    found = f"{version} ({distribution}), {done.values['rmw']}, domain {domain}"
    return Finding(TOPIC, "rclpy", "ok", found, essential=True)


def _images() -> Finding:
    """Send 1280x720 images, best effort at 30 Hz, with the settings that a node would have."""
    name = "images between processes"
    topic = f"segmentation_doctor_{os.getpid()}_{time.monotonic_ns()}"
    receiver = trial.start(PROBE, "receive", topic, str(FRAMES))
    sender = trial.start(PROBE, "send", topic, str(FRAMES))
    sent, got = trial.finish(sender), trial.finish(receiver)
    if problem := sent.problem or got.problem:
        remedy = "see whether ros2 topic pub and echo work between two terminals"
        return Finding(TOPIC, name, "missing", problem, remedy)
    found = f"{got.values['received']} of {FRAMES} arrived, p50 {got.values['p50_ms']} ms"
    if got.values["received"] == FRAMES:
        how = "1280 wide, 720 high, bgr8, best effort, 30 Hz; our settings on both sides: "
        how += "segmentation doctor --camera TOPIC tries your driver"
        return Finding(TOPIC, name, "ok", f"{found} ({how})")
    return Finding(TOPIC, name, "warn", found, "look at the rows on shared memory, and docs/dds.md")


def _optional(package: str, use: str, remedy: str) -> Finding:
    version = version_of(package)
    if version is None:
        return Finding(TOPIC, package, "missing", f"not installed: no {use}", remedy)
    return Finding(TOPIC, package, "ok", version)


def _viewer() -> Finding:
    program = shutil.which("rviz2")
    if program is None:
        remedy = "apt install ros-$ROS_DISTRO-rviz2 on a machine with a screen"
        return Finding(TOPIC, "rviz2", "missing", "not installed: no rviz:=true", remedy)
    return Finding(TOPIC, "rviz2", "ok", program)
