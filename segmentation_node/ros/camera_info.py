"""The camera's calibration, made to fit the published images, so that they can be projected."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header

from segmentation_node.core.window import Window
from segmentation_node.ros.qos import IMAGE_PUBLICATION, INFO_SUBSCRIPTION
from segmentation_node.ros.topic_names import companion


def info_topic_of(image_topic: str) -> str:
    """Where a camera's calibration is, by image_transport's convention: beside its image.

    Args:
        image_topic: Full name of the image topic, without a transport's suffix.
    """
    return image_topic.rpartition("/")[0] + "/camera_info"


def image_size(info: CameraInfo) -> tuple[int, int]:
    """Height and width in pixels of the images that a calibration is for.

    Args:
        info: Its width and height are those of the whole sensor; images may be a region of that,
            with pixels taken together.
    """
    height = (info.roi.height or info.height) // max(info.binning_y, 1)
    width = (info.roi.width or info.width) // max(info.binning_x, 1)
    return height, width


def scaled(info: CameraInfo, window: Window) -> CameraInfo:
    """The calibration of images that show a window of the camera's image.

    Pixel centres lie at whole coordinates in K and P, so that a coordinate u becomes
    (u + 1/2) / s - 1/2 where s camera pixels make one: the sensor is treated as one with larger
    pixels, of which the window is the region of interest. What is left of a pixel after rounding
    the region to whole ones goes into the principal point. Binning stays; distortion and
    rectification, which know no pixels, stay as well.

    Args:
        info: The camera's calibration.
        window: How the images lie on the camera's.

    Returns:
        A calibration of its own, or `info` itself where the images are the camera's.
    """
    if window.is_image:
        return info
    x, left, width = _axis(
        info.width, info.roi.x_offset, info.binning_x, window.x, window.scale_x, window.width
    )
    y, top, height = _axis(
        info.height, info.roi.y_offset, info.binning_y, window.y, window.scale_y, window.height
    )
    to_result = np.array([[x[0], 0.0, x[1]], [0.0, y[0], y[1]], [0.0, 0.0, 1.0]])
    seen = window.height * max(info.binning_y, 1), window.width * max(info.binning_x, 1)
    is_whole = (left, top, *seen) == (0, 0, height, width)
    return CameraInfo(
        header=info.header,
        height=height,
        width=width,
        distortion_model=info.distortion_model,
        d=info.d,
        k=_moved(to_result, info.k, (3, 3)),
        r=info.r,
        p=_moved(to_result, info.p, (3, 4)),
        binning_x=info.binning_x,
        binning_y=info.binning_y,
        # All zero stands for the whole sensor.
        roi=_region(info, 0, 0, (0, 0)) if is_whole else _region(info, left, top, seen),
    )


def _region(info: CameraInfo, left: int, top: int, size: tuple[int, int]) -> RegionOfInterest:
    return RegionOfInterest(
        x_offset=left,
        y_offset=top,
        height=size[0],
        width=size[1],
        do_rectify=info.roi.do_rectify,
    )


def _axis(
    sensor: int, offset: int, binning: int, start: float, scale: float, size: int
) -> tuple[tuple[float, float], int, int]:
    """Work out one axis: (factor, shift) of coordinates, first pixel of the region, sensor size."""
    pixels = max(binning, 1)
    exact = (offset + pixels * start) / scale
    first = max(round(exact), 0)
    shift = 0.5 / scale - 0.5 - (exact - first)
    return (1 / scale, shift), first, max(round(sensor / scale), first + size * pixels)


def _moved(
    to_result: NDArray[np.float64], matrix: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = (to_result @ np.asarray(matrix, float).reshape(shape)).reshape(-1)
    return moved


class CameraInfoRelay:
    """Publishes `~/camera_info` with the header of every answered frame, while someone listens.

    Args:
        node: The node that subscribes and publishes.
        topic: Where it is published, such as `~/camera_info`.
        images: The image topics that it is for: it is published beside each that is remapped, too.
        complain: Logs a sentence of a kind: (kind, sentence).
    """

    def __init__(
        self,
        node: LifecycleNode,
        topic: str,
        complain: Callable[[str, str], None],
        images: Iterable[str] = (),
    ) -> None:
        self._node = node
        self._complain = complain
        topics = dict.fromkeys([topic, *(companion(node, image, topic) for image in images)])
        self._publishers = [
            node.create_lifecycle_publisher(CameraInfo, one, IMAGE_PUBLICATION) for one in topics
        ]
        self._subscription: object | None = None
        self._topic = ""
        self._frames = ("", "")
        self._latest: CameraInfo | None = None
        self._made: tuple[CameraInfo, Window, CameraInfo] | None = None

    @property
    def state(self) -> str:
        """What is known of the camera's calibration, for the diagnostics."""
        info = self._latest
        if info is None:
            return f"none yet on {self._topic}" if self._topic else ""
        return "{} high, {} wide, from {}".format(*image_size(info), self._topic)

    @property
    def listeners(self) -> int:
        """How many subscribers there are."""
        return sum(int(one.get_subscription_count()) for one in self._publishers)

    def listen(self, image_topic: str, moved_to: str) -> None:
        """Subscribe to the calibration beside an image topic, unless that is remapped itself.

        Args:
            image_topic: Its name as configured.
            moved_to: Its full name, remapped; both without a transport's suffix.
        """
        base = image_topic.removesuffix("/compressed")
        base = str(self._node.resolve_topic_name(base, only_expand=True))
        topic = companion(self._node, base, info_topic_of(base), moved_to)
        subscription = self._node.create_subscription(
            CameraInfo, topic, self._take, INFO_SUBSCRIPTION
        )
        self._subscription, self._topic = subscription, str(subscription.topic_name)

    def rest(self) -> None:
        """Unsubscribe; what has arrived is forgotten, as the camera may be another one next."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription, self._topic, self._latest = None, "", None
        self._frames = ("", "")

    def publish(self, window: Window, header: Header) -> None:
        """Send the calibration of images, where there is one and someone listens.

        Args:
            window: How the images lie on the camera's.
            header: That of the images.
        """
        info = self._latest
        if info is not None and info.header.frame_id != header.frame_id:
            self._compare_frames(info.header.frame_id, header.frame_id)
        if info is None or self.listeners == 0 or not self._fits(info, window):
            return
        if self._made is None or self._made[0] is not info or self._made[1] != window:
            self._made = info, window, scaled(info, window)
        message = self._made[2]
        message.header = header
        for publisher in self._publishers:
            if publisher.get_subscription_count() > 0:
                publisher.publish(message)

    def close(self) -> None:
        """Unsubscribe, and take the topic back."""
        self.rest()
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)

    def _take(self, info: CameraInfo) -> None:
        self._latest = info

    def _compare_frames(self, of_info: str, of_images: str) -> None:
        """Say once of each pair that a calibration is of another frame than the images."""
        pair = of_info, of_images
        if not all(pair) or pair == self._frames:
            return
        self._frames = pair
        self._complain(
            "frames",
            f"received a calibration of the frame {of_info} on {self._topic} for images of the "
            f"frame {of_images}; expected one frame_id for both; fix: correct the camera driver, "
            "or remap camera_info to that of this camera (~/camera_info goes out with the frame "
            "of the images)",
        )

    def _fits(self, info: CameraInfo, window: Window) -> bool:
        found, wanted = image_size(info), (window.image_height, window.image_width)
        if found != wanted:
            # A wrong calibration is worse than none.
            self._complain(
                "camera_info",
                "no ~/camera_info: received a calibration for images {} high, {} wide on {}; "
                "expected {} high, {} wide, the size of the camera's images; fix: correct width, "
                "height, roi or binning in the camera driver".format(*found, self._topic, *wanted),
            )
        return found == wanted
