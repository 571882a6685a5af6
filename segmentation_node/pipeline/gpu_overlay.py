"""The image under an overlay, on the GPU."""

from __future__ import annotations

from dataclasses import dataclass

from segmentation_node.core.geometry import Fit
from segmentation_node.cuda.camera_image import CameraImage, ImageLayout, PlanarImage
from segmentation_node.cuda.gpu import Gpu, Stream
from segmentation_node.cuda.preprocess import Preprocess


@dataclass(frozen=True)
class _Levels:
    """Values of an input that holds the image's own levels, in the order of camera images."""

    pad_bgr: tuple[int, int, int]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    order: str = "bgr"


class CameraPicture:
    """The camera image itself, for results of its size.

    Args:
        image: Its layout.
    """

    size = 0
    """Bytes of GPU memory that a frame takes for it."""

    def __init__(self, image: CameraImage) -> None:
        self.layout: ImageLayout = image

    def __call__(self, image: int, memory: int, stream: Stream) -> int:
        """The address of the picture of a camera image."""
        return image

    def free(self) -> None:
        """Give nothing back: there is nothing."""


class NetworkPicture:
    """What the network saw of the camera image, for results of its size.

    Args:
        gpu: The GPU; its context is current.
        image: Layout of the camera image.
        fit: How it is fitted.
        result: The same fit in pixels of the result.
        pad_bgr: (3,) int BGR, 0..255: the colour of the padding.

    Raises:
        EngineError: CUDA refuses.
    """

    def __init__(
        self,
        gpu: Gpu,
        image: CameraImage,
        fit: Fit,
        result: Fit,
        pad_bgr: tuple[int, int, int],
    ) -> None:
        height, width = fit.network.height, fit.network.width
        self.layout: ImageLayout = PlanarImage(
            result.image_height, result.image_width, width, height * width
        )
        self.size = 3 * 4 * height * width
        """Bytes of GPU memory that a frame takes for it."""
        rows, columns = result.canvas_part
        self._offset = 4 * (int(rows.start) * width + int(columns.start))
        self._preprocess = Preprocess(gpu, image, fit, _Levels(pad_bgr), "fp32")

    def __call__(self, image: int, memory: int, stream: Stream) -> int:
        """Enqueue the making of the picture.

        Args:
            image: Address of the camera image.
            memory: Address of `size` bytes for the picture.
            stream: The stream in whose order it is made.

        Returns:
            The address of the picture's first pixel.

        Raises:
            EngineError: CUDA refuses.
        """
        self._preprocess(image, memory, stream)
        return memory + self._offset

    def free(self) -> None:
        """Give everything back; freeing twice does nothing."""
        self._preprocess.free()
