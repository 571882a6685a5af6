"""The node in its own process with its topics around it, and the answer that it should give."""

from __future__ import annotations

import contextlib
import itertools
from array import array
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from dds import Observer, Program, claimed_domain, wait_until
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from numpy.typing import NDArray
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from segmentation_node.core.encodings import to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, NetworkSize, Rectangle, fit
from segmentation_node.core.postprocess import labels_of
from segmentation_node.core.preprocess import resize_to_network
from segmentation_node.engines import open_engine
from segmentation_node.model import load_model

MODEL, PRECISION, SIZE = "rendered", "fp32", "64x96"
PARAMETERS = {"model": MODEL, "precision": PRECISION, "network_size": SIZE}
RELIABLE = QoSProfile(depth=100)
NODE = "/segmentation_node"
CALIBRATION = "/camera/camera_info"

_seconds = itertools.count(1_000)


def picture(height: int = 48, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR: sky, road, a wall and a tree, so that several classes come out."""
    random = np.random.default_rng(seed)
    horizon = int(height * random.uniform(0.4, 0.6))
    pixels = np.empty((height, width, 3), np.int16)
    pixels[:horizon], pixels[horizon:] = (235, 206, 160), (90, 90, 90)
    pixels[height // 4 : horizon, : width // 3] = (60, 90, 130)
    pixels[height // 3 : horizon, width * 3 // 4 :] = (40, 110, 50)
    return np.clip(pixels + random.integers(-12, 13, pixels.shape), 0, 255).astype(np.uint8)


def image_message(pixels: NDArray[np.uint8], encoding: str = "bgr8", **changed: object) -> Image:
    """A message of pixels, its fields changed as named, with a stamp later than any before."""
    message = Image(encoding=encoding)
    message.height, message.width = pixels.shape[:2]
    message.step = pixels.strides[0]
    message.data = array("B", pixels.tobytes())
    for name, value in changed.items():
        setattr(message, name, value)
    return stamped(message)


def stamped(message: Image | CompressedImage, seconds: int | None = None) -> Image:
    """The message under a stamp of its own and the frame of a camera."""
    message.header.stamp.sec = next(_seconds) if seconds is None else seconds
    message.header.stamp.nanosec = 5
    message.header.frame_id = "front_camera"
    return message


@lru_cache
def _reference() -> tuple:
    model = load_model(MODEL)
    size = NetworkSize.parse(SIZE)
    return model, size, open_engine(model, precision=PRECISION, size=size)


def reference_logits(
    frame: Frame, region: Rectangle | None = None
) -> tuple[NDArray[np.float32], Fit]:
    """(C, h, w) float32 logits of the frame by the same engine and precision, and its fit."""
    model, size, engine = _reference()
    fitted = fit(model.input.fit, frame.height, frame.width, size, region)
    network_input = resize_to_network(to_bgr(frame), fitted, model.input.pad_bgr)
    return engine.infer(network_input)[0].copy(), fitted


def reference_labels(frame: Frame) -> NDArray[np.uint8]:
    """(H, W) uint8: what core/ says of the frame, with the same engine and precision."""
    return labels_of(*reference_logits(frame), load_model(MODEL).labels)


def pixels_of(message: Image) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) uint8: the pixels of a published image."""
    shape = (message.height, message.width, 3)[: 3 if message.encoding == "rgb8" else 2]
    return np.frombuffer(message.data, np.uint8).reshape(shape)


def calibration(height: int = 48, width: int = 64) -> CameraInfo:
    """A camera's calibration, rectified beside another camera."""
    return CameraInfo(
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=[0.1, 0.0, 0.0, 0.0, 0.0],
        k=np.array([50.0, 0, 31.5, 0, 50, 23.5, 0, 0, 1]),
        p=np.array([50.0, 0, 31.5, -6, 0, 50, 23.5, 0, 0, 0, 1, 0]),
    )


class Rig:
    """A running node, what it publishes, and a camera for it.

    Args:
        program: The node's process, started with diagnostics at a short period.
        observer: A node of this process.
    """

    def __init__(self, program: Program, observer: Observer) -> None:
        self.program = program
        self.observer = observer
        self.diagnostics = observer.collect(DiagnosticArray, "/diagnostics")

    def connect(self, kind: type = Image, topic: str = "/camera/image_raw") -> None:
        """Wait until the node is active, and until it and this process see each other."""
        self.program.wait_for_line("active: ")
        self.labels = self.observer.collect(Image, f"{NODE}/labels", RELIABLE)
        self.camera = self.observer.publisher(kind, topic, RELIABLE)
        self.value_becomes("labels_listeners", "1")
        if self.parameter("qos") == "auto":
            # The subscription that it began with is replaced once the camera is found.
            self.value_becomes("input_qos", "reliable, volatile")

    def knock(self, message: Image | CompressedImage) -> None:
        """Publish an image until it is answered.

        A best-effort subscription gets nothing until it has found the camera, which the camera
        may know earlier than it.
        """
        while not len(self.labels):
            self.camera.publish(message)
            with contextlib.suppress(TimeoutError):
                self.labels.wait(1, timeout_s=0.5)

    def calibrate(self, info: CameraInfo) -> None:
        """Publish a calibration, as cameras do again and again, until the node has it."""
        camera = self.observer.publisher(CameraInfo, CALIBRATION)

        def is_known() -> bool:
            camera.publish(info)
            return (
                self.value("camera_info")
                == f"{info.height} high, {info.width} wide, from {CALIBRATION}"
            )

        wait_until(is_known, f"a calibration for {info.height}x{info.width} pixels", step_s=0.05)
        self.observer.node.destroy_publisher(camera)

    def value(self, key: str) -> str:
        """The latest value in the diagnostics; empty while there were none."""
        return values_of(self.diagnostics[-1]).get(key, "") if len(self.diagnostics) else ""

    def value_becomes(self, key: str, value: str) -> None:
        """Wait until the latest diagnostics say so."""
        wait_until(
            lambda: len(self.diagnostics) and self.value(key) == value,
            lambda: f"{key} {value}; it is {self.value(key) or '?'}",
        )

    def set_clock(self, clock: Any, time: Time) -> None:
        """Publish a time, as clocks do again and again, until the diagnostics are stamped with it.

        A clock is listened to by best effort: the first may find nobody.
        """

        def is_known() -> bool:
            clock.publish(Clock(clock=time))
            return bool(len(self.diagnostics)) and self.diagnostics[-1].header.stamp == time

        wait_until(is_known, f"the time {time}", step_s=0.05)

    def ask(self, message: Image | CompressedImage) -> Image:
        """Publish one image and give the label image with its stamp."""
        stamp, before = message.header.stamp, len(self.labels)
        self.camera.publish(message)
        self.labels.wait(before + 1)
        return self.labels.wait_for(lambda one: one.header.stamp == stamp, f"labels of {stamp}")

    def change_state(self, transition: int) -> bool:
        """Ask for a transition; whether it was made."""
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self.observer.call(ChangeState, f"{NODE}/change_state", request).success)

    @property
    def state(self) -> str:
        """The lifecycle state by its own service."""
        answer = self.observer.call(GetState, f"{NODE}/get_state", GetState.Request())
        return str(answer.current_state.label)

    def set_parameter(self, name: str, value: object) -> str:
        """Set a parameter; the reason of a refusal, or nothing."""
        parameter = Parameter(name, value=value).to_parameter_msg()
        request = SetParameters.Request(parameters=[parameter])
        result = self.observer.call(SetParameters, f"{NODE}/set_parameters", request).results[0]
        return "" if result.successful else str(result.reason)

    def set_together(self, **values: object) -> str:
        """Set all parameters or none; the reason of a refusal, or nothing."""
        parameters = [Parameter(name, value=one).to_parameter_msg() for name, one in values.items()]
        request = SetParametersAtomically.Request(parameters=parameters)
        service = f"{NODE}/set_parameters_atomically"
        result = self.observer.call(SetParametersAtomically, service, request).result
        return "" if result.successful else str(result.reason)

    def parameter(self, name: str) -> object:
        """What a parameter says now."""
        request = GetParameters.Request(names=[name])
        found = self.observer.call(GetParameters, f"{NODE}/get_parameters", request).values[0]
        return parameter_value_to_python(found)


def values_of(message: DiagnosticArray) -> dict[str, str]:
    """The figures of a diagnostics message by key."""
    return {one.key: one.value for one in message.status[0].values}


EVERY = {"mode": "every", "qos": "reliable", "qos_depth": 100}
"""Parameters of a node that answers every frame, over a reliable subscription."""

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def connected_node(**parameters: object) -> Iterator[Rig]:
    """A node in a domain of its own that answers every frame; for fixtures to yield from."""
    with claimed_domain() as domain_id, Observer(domain_id) as observer:
        for one in running_node(domain_id, observer, **EVERY, **parameters):
            one.connect()
            yield one


def running_node(
    domain_id: int,
    observer: Observer,
    *program: str,
    arguments: tuple[str, ...] = (),
    **parameters: object,
) -> Iterator[Rig]:
    """Start a node with a small network; other programs than the node's own can be named."""
    given = {**PARAMETERS, "diagnostics_period_s": 0.1, **parameters}
    command = program or ("-m", "segmentation_node.ros.node")
    with Program(*command, domain_id=domain_id, parameters=given, arguments=arguments) as started:
        yield Rig(started, observer)
