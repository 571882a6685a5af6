"""Every parameter of the pipeline and of the node: name, default, unit, range and meaning.

These dataclasses are the only place where a parameter is described. The node's parameter
descriptors and config/seg.yaml are made from, and checked against, what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from segmentation_node.parameter import Parameter, described, parameter

_TOPIC = r"(?a:(~?/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*)"  # ROS names are ASCII
_NUMBER = r"\s*(\d{1,5}|\d*\.\d{1,9})\s*"
_REGION = rf"{_NUMBER}(,{_NUMBER}){{3}}"
_REGIONS = rf"({_REGION})?(;\s*({_REGION})?)*"


@dataclass(frozen=True, kw_only=True)
class PipelineConfig:
    """Which network runs, on what, and how.

    Raises:
        ConfigError: A value is of the wrong type, or out of its range.
    """

    model: str = parameter(
        "camvid",
        "Network: the name of a shipped model (camvid, rendered), or the path of an .onnx file "
        "with its .yaml sidecar beside it.",
        example="the name of a shipped model, or the path of an .onnx file",
        live=True,
    )
    engine: str = parameter(
        "auto",
        "Runtime that computes the network; auto takes the fastest that this machine has.",
        choices=("auto", "openvino", "tensorrt"),
        live=True,
    )
    precision: str = parameter(
        "auto",
        "Arithmetic of the network; auto takes what the device does best. What is really in use "
        "stands in /diagnostics.",
        choices=("auto", "fp32", "bf16", "fp16", "int8"),
        live=True,
    )
    gpu_memory: str = parameter(
        "auto",
        "How images and results get to an NVIDIA GPU and back: copied to its memory, or mapped, "
        "where its kernels use main memory in place; auto maps on integrated GPUs such as a "
        "Jetson's, and copies on graphics cards.",
        choices=("auto", "mapped", "copied"),
        live=True,
    )
    network_size: str = parameter(
        "default",
        "Size of the network's input as HEIGHTxWIDTH in pixels, or default for the model's own. "
        "Larger sees smaller things and takes longer. With auto the node measures the model's "
        "sizes when it is configured, and takes the largest that holds target_rate_hz.",
        pattern=r"default|auto|\d{1,5}[xX×]\d{1,5}",
        example="default, auto, or HEIGHTxWIDTH such as 512x1024",
        live=True,
    )
    roi: str = parameter(
        "",
        "Part of the camera image that is segmented; pixels outside it get no class. Whole "
        "numbers are pixels; with a decimal point in any of them all are fractions of the image. "
        "With several cameras one for all of them, or one for each, separated by semicolons.",
        pattern=_REGIONS,
        example="empty for the whole image, or x,y,width,height such as 0,288,1280,432 or "
        "0.0,0.4,1.0,0.6",
        live=True,
    )
    output_size: str = parameter(
        "camera",
        "Size of all published images: camera is the camera image's; network is that of the "
        "network's input without its padding, the cheapest for costmaps. ~/camera_info fits both.",
        choices=("camera", "network"),
        live=True,
    )
    class_map: str = parameter(
        "",
        "Merges the network's classes into fewer: the name of a shipped map "
        "(camvid11_to_drivable, cityscapes19_to_categories, cityscapes35_to_19, "
        "cityscapes35_to_categories), or the path of a .yaml file.",
        pattern=r"|.*\S.*",
        example="empty for the network's own classes, the name of a shipped map, or a path",
        live=True,
    )
    palette: str = parameter(
        "",
        "Other colours for classes: the path of a .yaml file that maps names of classes to "
        "[red, green, blue] from 0 to 255; classes that it does not name keep theirs.",
        pattern=r"|.*\S.*",
        example="empty for the classes' own colours, or the path of a .yaml file",
        live=True,
    )

    def __post_init__(self) -> None:
        for name, one in described(type(self)).items():
            # A frozen dataclass is filled through object: the value may become a float here.
            object.__setattr__(self, name, one.checked(getattr(self, name)))


@dataclass(frozen=True, kw_only=True)
class NodeConfig(PipelineConfig):
    """Every parameter of the node.

    Raises:
        ConfigError: A value is of the wrong type, or out of its range.
    """

    image_topic: str = parameter(
        "/camera/image_raw",
        "Topic of the camera images. With image_transport compressed, /compressed is added.",
        pattern=_TOPIC,
        example="a topic name such as /camera/image_raw",
    )
    image_topics: tuple[str, ...] = parameter(
        ("",),
        "Topics of several cameras, which share the network in fair turns; they take the place of "
        "image_topic. The outputs of each are in a namespace of its own, such as ~/front/labels.",
        pattern=rf"|{_TOPIC}",
        example='a list of topic names such as ["/front/image_raw", "/rear/image_raw"], or [""] '
        "for none",
    )
    camera_names: tuple[str, ...] = parameter(
        ("",),
        "Names of the cameras in image_topics, for the namespaces of their outputs. Without them "
        "they are what tells the topics apart: front and rear for /front/image_raw and "
        "/rear/image_raw.",
        pattern=r"|(?a:[A-Za-z]\w*)",
        example='a list of names such as ["front", "rear"], or [""] for none',
    )
    image_transport: str = parameter(
        "raw",
        "Kind of the camera's messages: raw is sensor_msgs/Image on image_topic, compressed is "
        "sensor_msgs/CompressedImage (JPEG or PNG) on image_topic/compressed. Where the topic's "
        "publishers send the other kind, that is taken.",
        choices=("raw", "compressed"),
    )
    mode: str = parameter(
        "latest",
        "What happens when frames come faster than they are answered: latest replaces a waiting "
        "frame by the newer one and counts the old one as skipped; every answers all frames in "
        "order, for bags.",
        choices=("latest", "every"),
    )
    queue_size: int = parameter(
        10,
        "With mode every: how many frames may wait in the node before it stops taking more.",
        unit="frames",
        low=1,
        high=1000,
    )
    batch_tolerance_ms: float = parameter(
        5.0,
        "With several cameras on an NVIDIA GPU: images whose stamps lie no further apart are "
        "computed together, in one execution of the engine. For a late one that is due it is "
        "waited no longer than this from the first one's arrival on. 0 has cameras take turns, as "
        "on the CPU.",
        unit="ms",
        low=0.0,
        high=100.0,
    )
    qos: str = parameter(
        "auto",
        "Quality of service of the image subscription: auto asks for what all publishers offer, "
        "and anew when they change; sensor_data (best effort) fits every camera driver; reliable "
        "asks for frames again that were lost, and fits only reliable publishers.",
        choices=("auto", "sensor_data", "reliable"),
    )
    qos_depth: int = parameter(
        10,
        "How many frames the middleware keeps for the node while the node is busy.",
        unit="frames",
        low=1,
        high=1000,
    )
    rate_limit: float = parameter(
        0.0,
        "Most frames that are answered per second of the stream, by their stamps; those above are "
        "counted as limited before any work is done on them. 0 sets no limit.",
        unit="Hz",
        low=0.0,
        high=1000.0,
        live=True,
    )
    target_rate_hz: float = parameter(
        30.0,
        "With network_size auto: frames per second that are to be answered, such as those of the "
        "camera; where rate_limit is lower, that is.",
        unit="Hz",
        low=0.1,
        high=1000.0,
    )
    silence_warning_s: float = parameter(
        2.0,
        "Time without a frame, by the steady clock, after which a topic that has publishers is "
        "warned of.",
        unit="s",
        low=0.1,
        high=3600.0,
        live=True,
    )
    autostart: bool = parameter(
        True,
        "Whether the node configures and activates itself once it spins; otherwise it waits for "
        "the lifecycle services.",
        read_only=True,
    )
    diagnostics_period_s: float = parameter(
        1.0,
        "Time from one message on /diagnostics to the next.",
        unit="s",
        low=0.1,
        high=60.0,
        live=True,
    )
    deadline_ms: float = parameter(
        0.0,
        "Longest time from a frame's arrival in the node to its images being published, compressed "
        "ones apart; later ones are counted as deadline misses. 0 sets no deadline.",
        unit="ms",
        low=0.0,
        high=60_000.0,
        live=True,
    )
    drift_window_s: float = parameter(
        10.0,
        "Stretch of the stream, by its stamps, that luminance, contrast and saturation are "
        "averaged over before they are compared with the network's calibration images; a change "
        "of any of these four starts the comparison over.",
        unit="s",
        low=0.1,
        high=600.0,
        live=True,
    )
    drift_percentile: float = parameter(
        99.0,
        "Share of the calibration images that the stream must be darker than, brighter than and so "
        "on to be warned of; it counts as back where that holds of 4 percentage points less.",
        unit="%",
        low=90.0,
        high=100.0,
        live=True,
    )
    drift_raise_s: float = parameter(
        5.0,
        "For how long, by its stamps, the stream must be beyond that share before it is warned of.",
        unit="s",
        low=0.0,
        high=3600.0,
        live=True,
    )
    drift_clear_s: float = parameter(
        5.0,
        "For how long, by its stamps, the stream must be back before the warning ends.",
        unit="s",
        low=0.0,
        high=3600.0,
        live=True,
    )
    publish_color: bool = parameter(
        True,
        "Whether ~/color is made while someone listens. Off spares its time also where everything "
        "is recorded (ros2 bag record -a).",
        live=True,
    )
    publish_overlay: bool = parameter(
        True, "Whether ~/overlay is made while someone listens.", live=True
    )
    publish_confidence: bool = parameter(
        True, "Whether ~/confidence is made while someone listens.", live=True
    )
    publish_compressed: bool = parameter(
        True,
        "Whether the /compressed variants of ~/labels, ~/color and ~/overlay are made while "
        "someone listens.",
        live=True,
    )
    overlay_alpha: float = parameter(
        0.5,
        "Weight of the colours in ~/overlay: 0 shows the camera image alone, 1 the colours alone.",
        low=0.0,
        high=1.0,
        live=True,
    )
    color_compression: str = parameter(
        "png",
        "Compression of ~/color/compressed: png keeps the colours exact, and flat areas small.",
        choices=("png", "jpeg"),
        live=True,
    )
    overlay_compression: str = parameter(
        "jpeg",
        "Compression of ~/overlay/compressed: jpeg is small and fast, png exact.",
        choices=("png", "jpeg"),
        live=True,
    )
    jpeg_quality: int = parameter(
        95,
        "Quality of JPEG images: higher is larger and closer to the original.",
        low=1,
        high=100,
        live=True,
    )

    @property
    def network(self) -> PipelineConfig:
        """The part that decides about the network; another one is a swap."""
        return PipelineConfig(
            **{one.name: getattr(self, one.name) for one in fields(PipelineConfig)}
        )

    @property
    def input_topic(self) -> str:
        """The topic that is subscribed to, with the suffix of its transport."""
        suffix = "/compressed" if self.image_transport == "compressed" else ""
        return self.image_topic + suffix


PARAMETERS: Mapping[str, Parameter] = described(NodeConfig)
"""Every parameter of the node by its name, in the order of config/seg.yaml."""

NETWORK_PARAMETERS = frozenset(described(PipelineConfig))
"""Those that decide about the network: while the node runs they take seconds to take effect."""
