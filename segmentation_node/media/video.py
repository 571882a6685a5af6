"""Videos: read with OpenCV, written as H.264 that a browser plays."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import MediaError, OutputError

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm")
DEFAULT_FPS = 30.0

# Colours are tagged as BT.709, which players assume for this size anyway; 4:2:0 needs even sides.
_FILTER = (
    "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)
_CODEC = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p")


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

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield each frame: (H, W, 3) uint8 BGR, the caller's own.

        Raises:
            MediaError: The video breaks off early, or not one frame can be decoded.
        """
        number = 0
        while (frame := self._read()) is not None:
            number += 1
            yield frame
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
        fps: Frames per second.

    Raises:
        MediaError: The ending is not .mp4, or no encoder is installed.
        OutputError: The folder cannot be made.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.fps = fps
        self._partial = path.with_name(f".{path.stem}.partial.mp4")
        self._encoder: subprocess.Popen[bytes] | None = None
        self._shape: tuple[int, ...] = ()
        _check_ending(path)
        self._program = _ffmpeg()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(path, str(error.strerror)) from error

    def write(self, image: NDArray[np.uint8]) -> None:
        """Append one frame.

        Args:
            image: (H, W, 3) uint8 BGR, of the first frame's size.

        Raises:
            MediaError: The size is not that of the first frame.
            OutputError: The encoder gave up.
        """
        if self._encoder is None:
            self._encoder = self._start(image)
        if image.shape != self._shape:
            raise MediaError(
                received=f"a frame of shape {image.shape}",
                expected=f"the shape of the first frame, {self._shape}",
                fix="write frames of different sizes as images instead of a video",
            )
        try:
            self._feed(np.ascontiguousarray(image).data)
        except OSError as error:
            raise _unwritable(self.path, self._complaint()) from error

    def close(self) -> None:
        """Finish the file and give it its name. Closing twice is safe.

        Raises:
            OutputError: The encoder could not finish the file.
        """
        encoder = self._encoder
        if encoder is None:
            return
        complaint = self._complaint()
        self._encoder = None
        if encoder.returncode:
            self._partial.unlink(missing_ok=True)
            raise _unwritable(self.path, complaint)
        self._partial.replace(self.path)

    def abort(self) -> None:
        """Stop the encoder and leave no file behind."""
        if self._encoder is not None:
            self._encoder.kill()
            self._encoder.communicate()
            self._encoder = None
        self._partial.unlink(missing_ok=True)

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

    def _feed(self, pixels: memoryview) -> None:
        if self._encoder is not None and self._encoder.stdin is not None:
            self._encoder.stdin.write(pixels)

    def _start(self, image: NDArray[np.uint8]) -> subprocess.Popen[bytes]:
        self._shape = image.shape
        height, width = image.shape[:2]
        source = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}")
        command = [self._program, "-y", "-v", "error", *source, "-r", f"{self.fps:g}", "-i", "-"]
        command += ["-an", "-vf", _FILTER, *_CODEC, "-movflags", "+faststart"]
        # Its own session: Ctrl-C in the terminal is ours to handle, and then `abort` ends it.
        return subprocess.Popen(
            # The protocol is named, as a ":" in the file's name would end another one.
            [*command, f"file:{self._partial}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def _complaint(self) -> str:
        """Close the encoder's input, wait for it, and return the last line that it printed."""
        if self._encoder is None:
            return ""
        _, printed = self._encoder.communicate()
        lines = printed.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._encoder.returncode}"


def _check_ending(path: Path) -> None:
    if path.suffix.lower() != ".mp4":
        raise MediaError(
            received=f"the ending {path.suffix!r} of {path}",
            expected=".mp4",
            fix="name the video with this ending",
        )


def _ffmpeg() -> str:
    try:
        import imageio_ffmpeg  # noqa: PLC0415  (an optional package: only videos need it)

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise MediaError(
            received="no H.264 encoder on this machine",
            expected="the package imageio-ffmpeg, which brings one",
            fix="run: pip install imageio-ffmpeg",
        ) from error


def _unwritable(path: Path, complaint: str) -> OutputError:
    return OutputError(
        received=f"{path} ({complaint})",
        expected="a place that a video can be written to",
        fix="choose an output folder of yours with free space",
    )


def _suffixes() -> str:
    return ", ".join(VIDEO_SUFFIXES)
