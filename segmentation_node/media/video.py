"""Videos: read with OpenCV, written as H.264 that a browser plays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import MediaError, OutputError
from segmentation_node.files import part_of
from segmentation_node.installing import pip_install

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm")
DEFAULT_FPS = 30.0

_TICKS = 90_000  # a second of a video: frame rates of film, television and cameras divide it
_BT709 = 1  # its number in FFmpeg, as colour space, primaries and transfer


def is_video(path: Path) -> bool:
    """Whether the path's ending is that of a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


class VideoReader:
    """Reads the frames of a video in order.

    Attributes:
        fps: Frames per second as the file says, or 30 where it does not.
        count: Frames that the file says it holds; 0 where it does not say.

    Args:
        path: The video file.

    Raises:
        MediaError: The file is missing, or OpenCV cannot open it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Absolute: what stands before a ":" in a relative name would be taken for a protocol.
        self._capture = cv2.VideoCapture(str(path.absolute()))
        if not self._capture.isOpened():
            raise MediaError(
                received=f"the video {path}, which does not open",
                expected="a whole video in a format that OpenCV reads (" + _suffixes() + ")",
                fix="check that the file is there and not cut short, or convert it to H.264 MP4",
            )
        self.fps = float(self._capture.get(cv2.CAP_PROP_FPS)) or DEFAULT_FPS
        self.count = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Yield each frame with its time.

        Yields:
            Seconds since the first frame, which always grow; and (H, W, 3) uint8 BGR, the caller's
            own.

        Raises:
            MediaError: The video breaks off early, or not one frame can be decoded.
        """
        number, begin_s, latest_s = 0, 0.0, 0.0
        while (frame := self._read()) is not None:
            told_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
            if number == 0:
                begin_s = told_s
            # Phones and dash cameras vary their rate. Some containers keep no times at all.
            elif told_s - begin_s > latest_s:
                latest_s = told_s - begin_s
            else:
                latest_s += 1 / self.fps
            number += 1
            yield latest_s, frame
        # Containers without an index only estimate their count, so that a few frames less are fine.
        if number < max(1.0, 0.9 * self.count):
            raise MediaError(
                received=f"the video {self.path}, which ends after {number} frames",
                expected=f"{self.count or 'at least one'}, as the file itself says",
                fix="copy or download the file again: it is cut short or damaged",
            )

    def _read(self) -> NDArray[np.uint8] | None:
        done, frame = self._capture.read()
        return np.asarray(frame, np.uint8) if done else None

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._capture.release()


class VideoWriter:
    """Writes H.264 in MP4 (yuv420p, index in front), so that a browser plays it at once.

    The file appears under its name only when it is whole.

    Args:
        path: Where to write, ending in .mp4.
        fps: Frames per second, of a video whose frames have no times of their own.

    Raises:
        MediaError: The ending is not .mp4, or no encoder is installed.
        OutputError: The folder cannot be made.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.fps = fps
        self._part = part_of(path)
        self._container: Any = None
        self._stream: Any = None
        self._shape: tuple[int, ...] = ()
        self._count, self._latest = 0, -1
        _check_ending(path)
        self._av = _library()
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, image: NDArray[np.uint8], time_s: float | None = None) -> None:
        """Append one frame.

        Args:
            image: (H, W, 3) uint8 BGR, of the first frame's size.
            time_s: When it is shown, in seconds from the beginning; as `fps` says where None.

        Raises:
            MediaError: The size is not that of the first frame.
            OutputError: It cannot be written.
        """
        if not self._shape:
            self._shape = image.shape
        if image.shape != self._shape:
            raise MediaError(
                received=f"a frame of shape {image.shape}",
                expected=f"the shape of the first frame, {self._shape}",
                fix="write frames of different sizes as images instead of a video",
            )
        ticks = round(_TICKS * (self._count / self.fps if time_s is None else time_s))
        # No two frames may have the same time.
        self._latest = max(ticks, self._latest + 1)
        self._count += 1
        with self._writing():
            if self._container is None:
                self._open()
            frame = self._av.VideoFrame.from_ndarray(_even(image), format="bgr24")
            frame = frame.reformat(
                format="yuv420p", dst_colorspace=_BT709, src_color_range=2, dst_color_range=1
            )
            frame.pts, frame.time_base = self._latest, Fraction(1, _TICKS)
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file and give it its name. Closing twice is safe.

        Raises:
            OutputError: The file cannot be finished.
        """
        if self._container is None:
            return
        try:
            with self._writing():
                self._container.mux(self._stream.encode())
                self._container.close()
                self._container = None
                self._part.replace(self.path)
        except OutputError:
            self.abort()
            raise

    def abort(self) -> None:
        """Leave no file behind."""
        container, self._container = self._container, None
        if container is not None:
            with suppress(OSError, self._av.FFmpegError):
                container.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _open(self) -> None:
        # Absolute: what stands before a ":" in a relative name would be taken for a protocol.
        name = str(self._part.absolute())
        self._container = self._av.open(name, "w", "mp4", options={"movflags": "+faststart"})
        rate = Fraction(self.fps).limit_denominator(1001)
        stream = self._stream = self._container.add_stream("libx264", rate=rate)
        height, width = self._shape[:2]
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20"}
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
        # Players assume BT.709 for most sizes; said so for all.
        codec = stream.codec_context
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        codec.color_range = 1  # 16 to 235

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, self._av.FFmpegError) as error:
            raise OutputError(
                received=f"{self.path} ({getattr(error, 'strerror', None) or error})",
                expected="a place that a video can be written to",
                fix="choose an output folder of yours with free space",
            ) from error


def _check_ending(path: Path) -> None:
    if path.suffix.lower() != ".mp4":
        raise MediaError(
            received=f"the ending {path.suffix!r} of {path}",
            expected=".mp4",
            fix="name the video with this ending",
        )


def _library() -> Any:
    try:
        import av  # noqa: PLC0415  (an optional package: only videos need it)
    except ImportError as error:
        raise MediaError(
            received="no H.264 encoder on this machine",
            expected="the package av (PyAV), which brings one",
            fix=f"run: {pip_install('av')}",
        ) from error
    return av


def _even(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image with even sides, which 4:2:0 needs: a black line is added where one is odd."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)))
    return np.ascontiguousarray(image)


def _suffixes() -> str:
    return ", ".join(VIDEO_SUFFIXES)
