"""A camera image as it arrived: a view on the message's bytes, checked once, never copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, Encoding, ToBgr, find_encoding
from segmentation_node.errors import FrameError

if TYPE_CHECKING:
    from array import array

    Buffer = bytes | bytearray | memoryview | NDArray[np.uint8] | array[int]


@dataclass(frozen=True, eq=False)
class Frame:
    """One image and what is known of it.

    The array lives as long as the buffer that it views, and changes when that buffer does.

    Args:
        array: View on the image's bytes: (H, W) or (H, W, C), uint8 or (of 16 bits) uint16 in the
            image's byte order; (H * 3/2, W) uint8 for nv12 and nv21, (H * 3/2, step) for i420,
            (H * 3, step) for nv24; (H, step) uint8 for encodings outside the table.
        encoding: Its name in ROS.
        height: Pixels.
        width: Pixels.
        step: Bytes from one row to the next.
        is_bigendian: Byte order of 16-bit values.
        stamp_ns: Time of capture, nanoseconds.
        frame_id: Coordinate frame of the camera.
        fallback: Converts an encoding outside the table, such as one made from cv_bridge: takes the
            frame and returns (H, W, 3) uint8 BGR. What it raises becomes a FrameError.
    """

    array: NDArray[Any]
    encoding: str
    height: int
    width: int
    step: int
    is_bigendian: bool = False
    stamp_ns: int = 0
    frame_id: str = ""
    fallback: ToBgr | None = None

    @classmethod
    def from_buffer(
        cls,
        data: Buffer,
        *,
        height: int,
        width: int,
        encoding: str,
        step: int,
        is_bigendian: bool = False,
        stamp_ns: int = 0,
        frame_id: str = "",
        fallback: ToBgr | None = None,
    ) -> Frame:
        """View the bytes of an image message.

        Args:
            data: Bytes of the image, row after row; kept alive by the frame, not copied.
            height: Pixels.
            width: Pixels.
            encoding: Its name in ROS, such as `bgr8`.
            step: Bytes from one row to the next.
            is_bigendian: Byte order of 16-bit values.
            stamp_ns: Time of capture, nanoseconds.
            frame_id: Coordinate frame of the camera.
            fallback: Converts encodings outside the table, where something does.

        Raises:
            FrameError: The encoding is unknown, the image has no pixels, the step is smaller than
                a row, or the data is shorter or longer than its rows.
        """
        row = ENCODINGS.get(encoding) if fallback is not None else find_encoding(encoding)
        _check_size(height, width, row)
        _check_step(step, width, row)
        rows = height if row is None else row.rows(height)
        buffer = cast("bytes", data)  # to the type checker arrays are no buffers before 3.12
        _check_length(memoryview(buffer).nbytes, step, rows, encoding, (height, width))
        pixels = _view(
            np.frombuffer(buffer, np.uint8).reshape(rows, step), width, row, is_bigendian
        )
        return cls(
            pixels, encoding, height, width, step, is_bigendian, stamp_ns, frame_id, fallback
        )

    @classmethod
    def from_array(
        cls,
        image: NDArray[np.uint8],
        encoding: str = "bgr8",
        stamp_ns: int = 0,
        frame_id: str = "",
    ) -> Frame:
        """View an array as a frame.

        Args:
            image: (H, W, C) or (H, W) uint8; uint16 for encodings of 16 bits; (H * 3/2, W) or
                (H * 3, W) uint8 for those of planes. Rows may lie apart.
            encoding: Its name in ROS; one of those with a pixel per array element.
            stamp_ns: Time of capture, nanoseconds.
            frame_id: Coordinate frame of the camera.

        Raises:
            FrameError: The encoding is unknown, or the array does not fit it.
        """
        row = find_encoding(encoding)
        if not _fits(image, row):
            raise FrameError(
                received=f"an array of {image.dtype} {image.shape} as {encoding}",
                expected=_shape_of(row),
                fix="give an array of that shape, or name its encoding",
            )
        height = row.height(image.shape[0])
        width = image.shape[1]
        _check_size(height, width, row)
        big = image.dtype.byteorder == ">"
        return cls(image, encoding, height, width, image.strides[0], big, stamp_ns, frame_id)


def _check_size(height: int, width: int, row: Encoding | None) -> None:
    if height < 1 or width < 1:
        raise FrameError(
            received=f"an image {width} wide, {height} high",
            expected="at least 1x1",
            fix="check the camera driver: it sends empty images",
        )
    if row is None:
        return
    if (row.even_width and width % 2) or (row.is_420 and height % 2):
        sides = "an even height and width" if row.is_420 else "an even width"
        raise FrameError(
            received=f"an image {width} wide, {height} high as {row.name}",
            expected=f"{sides}, as pixels share their colour in pairs",
            fix="set the camera to an even size, or to another encoding",
        )


def _check_step(step: int, width: int, row: Encoding | None) -> None:
    least = 1 if row is None else row.row_bytes(width)
    if step < least:
        name = "" if row is None else f" of {row.name}"
        raise FrameError(
            received=f"a step of {step} bytes for {width} pixels{name}",
            expected=f"at least {least} bytes",
            fix="correct step in the camera driver: it is the bytes of one row, padding included",
        )
    if row is not None and row.planes == "i420" and step % 2:
        raise FrameError(
            received=f"a step of {step} bytes for {width} pixels of {row.name}",
            expected="an even one, as a row of colour has half as many bytes",
            fix="correct step in the camera driver: it is the bytes of one row of brightness",
        )


def _check_length(length: int, step: int, rows: int, encoding: str, size: tuple[int, int]) -> None:
    if length != step * rows:
        how = "short" if length < step * rows else "long"
        raise FrameError(
            received=f"{length} bytes for an image {size[1]} wide, {size[0]} high as {encoding}",
            expected=f"{step * rows} bytes ({rows} rows of step {step})",
            fix=f"correct data, step or height in the camera driver: the data is too {how}",
        )


def _view(
    rows: NDArray[np.uint8], width: int, row: Encoding | None, is_bigendian: bool
) -> NDArray[Any]:
    if row is None or row.planes:
        return rows
    if row.item_bytes == 1 and row.channels == 1:
        return rows[:, :width]
    # Rows that are not a whole number of values long cannot be reshaped: give the strides instead.
    kind = np.dtype("u1" if row.item_bytes == 1 else ">u2" if is_bigendian else "<u2")
    shape = (len(rows), width, row.channels)
    strides = (rows.strides[0], row.channels * row.item_bytes, row.item_bytes)
    pixels: NDArray[Any] = np.ndarray(shape, kind, rows, strides=strides)
    return pixels[:, :, 0] if row.channels == 1 else pixels


def _fits(image: NDArray[Any], row: Encoding) -> bool:
    axes = 2 if row.channels == 1 else 3
    if image.ndim != axes or image.dtype.kind != "u" or image.dtype.itemsize != row.item_bytes:
        return False
    if row.is_420 or row.planes:
        return bool(image.shape[0] % 3 == 0)
    return axes == 2 or bool(image.shape[2] == row.channels)


def _shape_of(row: Encoding) -> str:
    rows = "H*3/2" if row.is_420 else "H*3" if row.planes else "H"
    shape = f"({rows}, W)" if row.channels == 1 else f"({rows}, W, {row.channels})"
    return f"{shape} of uint{8 * row.item_bytes}"
