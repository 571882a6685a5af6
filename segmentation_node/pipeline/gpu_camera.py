"""What a pipeline on a GPU keeps for camera images of one size and encoding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.window import Window
from segmentation_node.cuda.camera_image import LAYOUTS, CameraImage
from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.postprocess import Postprocess
from segmentation_node.cuda.preprocess import Preprocess
from segmentation_node.errors import FrameError
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.gpu_overlay import CameraPicture, NetworkPicture
from segmentation_node.pipeline.gpu_parts import GpuParts, precision_of, shape_of
from segmentation_node.pipeline.gpu_run import GpuRun
from segmentation_node.pipeline.gpu_slot import GpuSlot, SlotSizes

SLOTS = 2
"""Frames of one camera that may be under way: one is copied while the other is computed."""

GpuKind = tuple[int, int, str, bool]
"""Height and width in pixels, encoding, and whether 16-bit values are big endian."""


def kind_of(frame: Frame) -> GpuKind:
    """What frames must have in common to share buffers."""
    return frame.height, frame.width, frame.encoding, frame.is_bigendian


class GpuCamera:
    """Brings images of one kind to the network on the GPU, and its results back.

    Args:
        parts: What the cameras of the pipeline share; the GPU's context is current.
        kind: Size and encoding of the images.

    Raises:
        FrameError: The images do not hold the region that is to be seen.
        EngineError: CUDA refuses; what was made is freed.
    """

    def __init__(self, parts: GpuParts, kind: GpuKind) -> None:
        self.kind = kind
        self._parts = parts
        model, view = parts.model, parts.view
        self.fit = view.fit(model.input.fit, kind[0], kind[1], parts.network_size)
        self._result = view.of_result(self.fit)
        self.window = Window.of(self.fit, self._result)
        self._image = _image_of(kind)
        with Owned() as owned:
            self._preprocess = owned.keep(self._make_preprocess())
            self._picture = owned.keep(self._make_picture())
            self._postprocess = owned.keep(self._make_postprocess())
            self._runs = [owned.keep(parts.make_run()) for _ in range(SLOTS)]
            self._owned = owned.pop_all()
        self._next = 0
        self._slots: dict[GpuRun, GpuSlot] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels of the results."""
        return self.window.height, self.window.width

    @property
    def next_run(self) -> GpuRun:
        """The run of the next frame that is alone in it: free while no more than SLOTS are begun.

        Runs of its own let a camera's frames be under way whatever others do.
        """
        return self._runs[self._next]

    def begun(self) -> None:
        """The next run is not free any more."""
        self._next = (self._next + 1) % SLOTS

    def slot_in(self, run: GpuRun) -> GpuSlot:
        """Where the camera's frame lies that is in a run: one of each run, made with the first.

        Raises:
            EngineError: CUDA refuses.
        """
        if run not in self._slots:
            slot = GpuSlot(self._parts.gpu, self._sizes(), self._parts.mapped)
            self._slots[run] = self._owned.keep(slot)
        return self._slots[run]

    def fill(self, frame: Frame, slot: GpuSlot) -> None:
        """Copy a frame to a slot's pinned memory.

        Raises:
            FrameError: The frame cannot be read.
        """
        memory, image = slot.image.array, self._image
        if frame.encoding not in LAYOUTS:
            to_bgr(frame, memory.reshape(image.height, image.width, 3))
            return
        pixels: NDArray[np.generic] = memory.view(frame.array.dtype)
        if pixels.size != frame.array.size:
            raise FrameError(
                received=f"an array of {frame.array.dtype} {frame.array.shape} as {frame.encoding}",
                expected=f"the pixels of {frame.height}x{frame.width}",
                fix="make frames with Frame.from_buffer or Frame.from_array",
            )
        np.copyto(pixels.reshape(frame.array.shape), frame.array)

    def prepare(self, slot: GpuSlot, run: GpuRun, index: int) -> None:
        """Enqueue the making of the network's input, as one of the images of a run.

        Args:
            slot: Where the frame lies.
            run: The run.
            index: Its place among the images.
        """
        self._preprocess(slot.image.address, run.input_of(index), run.stream)

    def decide(self, slot: GpuSlot, run: GpuRun, index: int, outputs: Outputs) -> None:
        """Enqueue the making of the results out of the logits; `prepare` has the arguments."""
        image, results, stream = 0, slot.addresses(outputs), run.stream
        if outputs.overlay:
            image = self._picture(slot.image.address, slot.picture, stream)
        self._postprocess(run.logits_of(index), results, stream, image, outputs.alpha)

    def read(self, slot: GpuSlot, outputs: Outputs, buffers: Buffers) -> None:
        """Copy the results of a frame that is done.

        Args:
            slot: The slot that the frame was in.
            outputs: What was made.
            buffers: Written to; checked to fit.
        """
        for name, result in slot.results(outputs).items():
            array: NDArray[np.uint8] = getattr(buffers, name)
            np.copyto(array, result.array.reshape(array.shape))

    def free(self) -> None:
        """Give everything back, after what is under way; freeing twice does nothing."""
        for run in self._slots:
            run.settle()
        self._owned.close()

    def _make_preprocess(self) -> Preprocess:
        parts = self._parts
        precision = precision_of(parts.engine.input)
        return Preprocess(parts.gpu, self._image, self.fit, parts.model.input, precision)

    def _make_picture(self) -> CameraPicture | NetworkPicture:
        if self._result is self.fit:
            return CameraPicture(self._image)
        pad_bgr = self._parts.model.input.pad_bgr
        return NetworkPicture(self._parts.gpu, self._image, self.fit, self._result, pad_bgr)

    def _make_postprocess(self) -> Postprocess:
        parts, spec = self._parts, self._parts.engine.output
        model, view = parts.model, parts.view
        return Postprocess(
            parts.gpu,
            self._result,
            shape_of(spec),
            view.channel_ids(model.labels),
            view.labels(model.labels).palette(),
            precision_of(spec),
            model.temperature,
            self._picture.layout,
        )

    def _sizes(self) -> SlotSizes:
        window = self.window
        return SlotSizes(
            image=_rows_of(self.kind) * self._image.step,
            picture=self._picture.size,
            pixels=window.height * window.width,
        )


def _image_of(kind: GpuKind) -> CameraImage:
    """How images lie in the slots: rows follow each other without padding.

    What the kernels do not read comes there as bgr8, converted by the processor.
    """
    height, width, encoding, is_bigendian = kind
    row = ENCODINGS.get(encoding)
    if row is None or encoding not in LAYOUTS:
        return CameraImage("bgr8", height, width, 3 * width)
    return CameraImage(encoding, height, width, row.row_bytes(width), is_bigendian)


def _rows_of(kind: GpuKind) -> int:
    row = ENCODINGS.get(kind[2])
    return kind[0] if row is None or kind[2] not in LAYOUTS else row.rows(kind[0])
