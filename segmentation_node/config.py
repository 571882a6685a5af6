"""Every parameter of the pipeline and of the node: name, default, unit, range and meaning.

These dataclasses are the only place where a parameter is described. The node's parameter
descriptors and config/seg.yaml are made from, and checked against, what stands here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from segmentation_node.errors import ConfigError

Value = bool | int | float | str

_TOPIC = r"(~?/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*"
_NUMBER = r"\s*(\d{1,5}|\d*\.\d{1,9})\s*"
_REGION = rf"|{_NUMBER}(,{_NUMBER}){{3}}"


@dataclass(frozen=True)
class Parameter:
    """What may stand in one parameter, and what it means.

    Args:
        name: As ROS and the command line spell it.
        default: Its value where nobody sets it; its type is the parameter's type.
        description: One or two sentences for the user.
        unit: Such as `s`, `ms` or `frames`; empty where there is none.
        low: Smallest number allowed.
        high: Largest number allowed.
        choices: The texts allowed; empty where any text will do.
        pattern: Regular expression that the whole text must match.
        example: What a text of that pattern looks like, in words.
        live: Whether a change takes effect while the node runs.
        read_only: Whether it can only be given at the start.
    """

    name: str
    default: Value
    description: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = r".*\S.*"
    example: str = "a text"
    live: bool = False
    read_only: bool = False

    @property
    def expected(self) -> str:
        """What may stand here, as errors and descriptors say it."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            return self.example
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        unit = f" {self.unit}" if self.unit else ""
        return f"{kind} from {self.low:g} to {self.high:g}{unit}"

    def checked(self, value: object) -> Value:
        """The value, made a float where one is wanted and an integer was given.

        Raises:
            ConfigError: It is of the wrong type, or out of range.
        """
        accepted = self._accepted(value)
        if accepted is None:
            raise ConfigError(f"{self.name}: {value!r}", self.expected, f"correct {self.name}")
        return accepted

    def _accepted(self, value: object) -> Value | None:
        if isinstance(self.default, bool) or isinstance(value, bool):
            same_kind = isinstance(self.default, bool) and isinstance(value, bool)
            return value if same_kind and isinstance(value, bool) else None
        if isinstance(self.default, str):
            return value if isinstance(value, str) and self._fits(value) else None
        return self._number(value)

    def _fits(self, text: str) -> bool:
        in_choices = not self.choices or text in self.choices
        return in_choices and re.fullmatch(self.pattern, text) is not None

    def _number(self, value: object) -> int | float | None:
        if not isinstance(value, int | float) or not math.isfinite(value):
            return None
        if isinstance(self.default, int) and not isinstance(value, int):
            return None
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= value <= high:
            return None
        return float(value) if isinstance(self.default, float) else value


def _parameter(default: Value, description: str, **rest: Any) -> Any:
    # The name is the field's own; it is filled in by _described.
    return field(default=default, metadata={"description": description, **rest})


def _described(config: type) -> Mapping[str, Parameter]:
    return {
        one.name: Parameter(one.name, one.default, **one.metadata)  # type: ignore[arg-type]
        for one in fields(config)
    }


@dataclass(frozen=True)
class PipelineConfig:
    """Which network runs, on what, and how.

    Raises:
        ConfigError: A value is of the wrong type, or out of its range.
    """

    model: str = _parameter(
        "camvid",
        "Network: the name of a shipped model (camvid, rendered), or the path of an .onnx file "
        "with its .yaml sidecar beside it.",
        example="the name of a shipped model, or the path of an .onnx file",
    )
    engine: str = _parameter(
        "auto",
        "Runtime that computes the network; auto takes the fastest that this machine has.",
        choices=("auto", "openvino", "tensorrt"),
    )
    precision: str = _parameter(
        "auto",
        "Arithmetic of the network; auto takes what the device does best. What is really in use "
        "stands in /diagnostics.",
        choices=("auto", "fp32", "bf16", "fp16", "int8"),
    )
    network_size: str = _parameter(
        "default",
        "Size of the network's input as HEIGHTxWIDTH in pixels, or default for the model's own. "
        "Larger sees smaller things and takes longer.",
        pattern=r"default|\d{1,5}[xX×]\d{1,5}",
        example="default, or HEIGHTxWIDTH such as 512x1024",
    )
    roi: str = _parameter(
        "",
        "Part of the camera image that is segmented; pixels outside it get no class. Whole "
        "numbers are pixels; with a decimal point in any of them all are fractions of the image.",
        pattern=_REGION,
        example="empty for the whole image, or x,y,width,height such as 0,288,1280,432 or "
        "0.0,0.4,1.0,0.6",
    )
    output_size: str = _parameter(
        "camera",
        "Size of all published images: camera is the camera image's; network is that of the "
        "network's input without its padding, the cheapest for costmaps. ~/camera_info fits both.",
        choices=("camera", "network"),
    )
    class_map: str = _parameter(
        "",
        "Merges the network's classes into fewer: the name of a shipped map "
        "(camvid11_to_drivable, cityscapes19_to_categories, cityscapes35_to_19, "
        "cityscapes35_to_categories), or the path of a .yaml file.",
        pattern=r"|.*\S.*",
        example="empty for the network's own classes, the name of a shipped map, or a path",
    )

    def __post_init__(self) -> None:
        for name, parameter in _described(type(self)).items():
            # A frozen dataclass is filled through object: the value may become a float here.
            object.__setattr__(self, name, parameter.checked(getattr(self, name)))


@dataclass(frozen=True)
class NodeConfig(PipelineConfig):
    """Every parameter of the node.

    Raises:
        ConfigError: A value is of the wrong type, or out of its range.
    """

    image_topic: str = _parameter(
        "/camera/image_raw",
        "Topic of the camera images. With image_transport compressed, /compressed is added.",
        pattern=_TOPIC,
        example="a topic name such as /camera/image_raw",
    )
    image_transport: str = _parameter(
        "raw",
        "Kind of the camera's messages: raw is sensor_msgs/Image on image_topic, compressed is "
        "sensor_msgs/CompressedImage (JPEG or PNG) on image_topic/compressed.",
        choices=("raw", "compressed"),
    )
    mode: str = _parameter(
        "latest",
        "What happens when frames come faster than they are answered: latest replaces a waiting "
        "frame by the newer one and counts the old one as skipped; every answers all frames in "
        "order, for bags.",
        choices=("latest", "every"),
    )
    queue_size: int = _parameter(
        10,
        "With mode every: how many frames may wait in the node before it stops taking more.",
        unit="frames",
        low=1,
        high=1000,
    )
    qos: str = _parameter(
        "sensor_data",
        "Quality of service of the image subscription: sensor_data (best effort) fits every "
        "camera driver; reliable asks for frames again that were lost, and fits only reliable "
        "publishers.",
        choices=("sensor_data", "reliable"),
    )
    qos_depth: int = _parameter(
        10,
        "How many frames the middleware keeps for the node while the node is busy.",
        unit="frames",
        low=1,
        high=1000,
    )
    autostart: bool = _parameter(
        True,
        "Whether the node configures and activates itself once it spins; otherwise it waits for "
        "the lifecycle services.",
        read_only=True,
    )
    diagnostics_period_s: float = _parameter(
        1.0,
        "Time from one message on /diagnostics to the next.",
        unit="s",
        low=0.1,
        high=60.0,
        live=True,
    )
    deadline_ms: float = _parameter(
        0.0,
        "Longest time from a frame's arrival in the node to its images being published, compressed "
        "ones apart; later ones are counted as deadline misses. 0 sets no deadline.",
        unit="ms",
        low=0.0,
        high=60_000.0,
        live=True,
    )
    publish_color: bool = _parameter(
        True,
        "Whether ~/color is made while someone listens. Off spares its time also where everything "
        "is recorded (ros2 bag record -a).",
        live=True,
    )
    publish_overlay: bool = _parameter(
        True, "Whether ~/overlay is made while someone listens.", live=True
    )
    publish_confidence: bool = _parameter(
        True, "Whether ~/confidence is made while someone listens.", live=True
    )
    publish_compressed: bool = _parameter(
        True,
        "Whether the /compressed variants of ~/labels, ~/color and ~/overlay are made while "
        "someone listens.",
        live=True,
    )
    overlay_alpha: float = _parameter(
        0.5,
        "Weight of the colours in ~/overlay: 0 shows the camera image alone, 1 the colours alone.",
        low=0.0,
        high=1.0,
        live=True,
    )
    color_compression: str = _parameter(
        "png",
        "Compression of ~/color/compressed: png keeps the colours exact, and flat areas small.",
        choices=("png", "jpeg"),
        live=True,
    )
    overlay_compression: str = _parameter(
        "jpeg",
        "Compression of ~/overlay/compressed: jpeg is small and fast, png exact.",
        choices=("png", "jpeg"),
        live=True,
    )
    jpeg_quality: int = _parameter(
        95,
        "Quality of JPEG images: higher is larger and closer to the original.",
        low=1,
        high=100,
        live=True,
    )

    @property
    def input_topic(self) -> str:
        """The topic that is subscribed to, with the suffix of its transport."""
        suffix = "/compressed" if self.image_transport == "compressed" else ""
        return self.image_topic + suffix


PARAMETERS: Mapping[str, Parameter] = _described(NodeConfig)
"""Every parameter of the node by its name, in the order of config/seg.yaml."""
