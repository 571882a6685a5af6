from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistakes.table import Mistake, told

from segmentation_node.core.encodings import ENCODINGS
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError
from segmentation_node.media.codec import decode_frame, encode_jpeg, encode_png
from segmentation_node.media.images import list_images, read_image, read_labels, write_image
from segmentation_node.media.video import VideoReader, VideoWriter
from segmentation_node.offline.kinds import kind_of

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


def raw(
    encoding: str, bytes_each: float = 3, step: int | None = None, width: int = 64
) -> Callable[[Path], str]:
    """What is said of an `Image` message of 64x48 pixels."""

    def make(_: Path) -> str:
        length = int(64 * 48 * bytes_each) if step is None else 48 * step
        given = int(64 * bytes_each) if step is None else step
        fields = {"height": 48, "width": width, "encoding": encoding, "step": given}
        return told(Frame.from_buffer, bytes(length), **fields)

    return make


def compressed(data: bytes, form: str) -> Callable[[Path], str]:
    """What is said of a `CompressedImage` message."""
    return lambda _: told(decode_frame, data, form)


def file(name: str, data: bytes, read: Callable[..., object] = read_image) -> Callable[[Path], str]:
    """What is said of a file."""

    def make(folder: Path) -> str:
        (folder / name).write_bytes(data)
        return told(read, folder / name)

    return make


def _hidden(folder: Path) -> str:
    write_image(folder / "._a.png", PICTURE)
    return told(list_images, folder)


def _one_short(_: Path) -> str:
    size = {"height": 48, "width": 64, "encoding": "bgr8", "step": 192}
    return told(Frame.from_buffer, bytes(48 * 192 - 1), **size)


_IMAGES = [
    Mistake(
        "capital_letters_in_an_encoding",
        "an image with the encoding 'RGB8'",
        "Encodings of ROS are written in small letters.",
        "Let the driver send `rgb8`.",
        raw("RGB8"),
        ("write 'rgb8'",),
    ),
    Mistake(
        "a_bayer_pattern_of_twelve_bits",
        "an image with the encoding 'bayer_rggb12'",
        "sensor_msgs has Bayer encodings of 8 and 16 bits only.",
        "Let the driver send `bayer_rggb8` or `bayer_rggb16`.",
        raw("bayer_rggb12", 2),
        ("bayer_rggb16", "fix: write 'bayer_rggb"),
    ),
    Mistake(
        "a_depth_image_of_floats",
        "an image with the encoding '32FC1'",
        "It is a depth image, and not one of colours.",
        "Give the camera's colour topic.",
        raw("32FC1", 4),
        ("expected one of bgr8",),
    ),
    Mistake(
        "no_encoding",
        "an image with the encoding ''",
        "The driver leaves the field `encoding` empty.",
        "Set it in the driver, such as to `bgr8`.",
        raw(""),
    ),
    Mistake(
        "a_step_in_pixels",
        "a step of 64 bytes for 64 pixels of bgr8",
        "`step` counts bytes of a row, and not pixels.",
        "Write width times bytes of a pixel.",
        raw("bgr8", step=64),
        ("at least 192 bytes",),
    ),
    Mistake(
        "a_step_of_one_and_a_half_rows",
        "bytes for an image 64 wide, 48 high as nv12",
        "The driver counts the colour of nv12 to the rows of brightness.",
        "Write the bytes of a row of brightness, the width, as `step`.",
        lambda _: told(
            Frame.from_buffer, bytes(4608), height=48, width=64, encoding="nv12", step=96
        ),
        ("step",),
    ),
    Mistake(
        "an_odd_width_in_yuv",
        "as pixels share their colour in pairs",
        "In YUV 4:2:2 and 4:2:0 two pixels beside each other have one colour.",
        "Set the camera to an even width.",
        raw("yuyv", 2, width=63),
    ),
    Mistake(
        "a_byte_too_few",
        "9215 bytes for an image 64 wide, 48 high as bgr8",
        "The driver sends less than `height` rows of `step` bytes.",
        "Correct `data`, `step` or `height` in the driver.",
        _one_short,
        ("too short",),
    ),
    Mistake(
        "a_jpeg_cut_short",
        "of JPEG without the mark that ends one",
        "The end of the image was lost on its way or on the disk.",
        "Copy or send it again.",
        compressed(encode_jpeg(PICTURE)[:-400], "jpeg"),
    ),
    Mistake(
        "a_video_stream_as_compressed_image",
        "bytes that do not decode",
        "The topic holds H.264, which needs the frames before.",
        "Publish `jpeg` or `png`.",
        compressed(b"\0\0\0\1\x67" + bytes(200), "h264"),
        ("a whole image: JPEG",),
    ),
    Mistake(
        "an_empty_image_file",
        "0 bytes that do not decode",
        "The file was created and never written.",
        "Copy it again, or take it out of the folder.",
        file("a.jpg", b""),
        ("a.jpg",),
    ),
    Mistake(
        "colours_as_labels",
        "expected a label image: one channel of eight bits",
        "The file shows the classes in colours; their ids do not stand in it.",
        "Save class ids as a grey PNG.",
        file("a.png", encode_png(PICTURE), read_labels),
        ("a.png",),
    ),
    Mistake(
        "hidden_files_alone",
        "without an image",
        "Files such as `._a.png`, which macOS writes to other disks, are no images.",
        "Give the folder that holds the images themselves.",
        _hidden,
    ),
    Mistake(
        "an_image_of_an_unknown_ending",
        "with the ending '.heic'",
        "Telephones save HEIC, which is not read here.",
        "Convert it to JPEG or PNG.",
        file("a.heic", b"x", kind_of),
        ("a.heic", ".jpg"),
    ),
]


def _video_written_as(name: str) -> Callable[[Path], str]:
    return lambda folder: told(VideoWriter, folder / name, 30.0)


def _sizes_differ(folder: Path) -> str:
    with VideoWriter(folder / "a.mp4", 30.0) as video:
        video.write(PICTURE)
        return told(video.write, PICTURE[:24])


def _cut_short(folder: Path) -> str:
    with VideoWriter(folder / "a.mp4", 30.0) as video:
        for _ in range(20):
            video.write(PICTURE)
    whole = (folder / "a.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    return told(lambda: list(VideoReader(folder / "cut.mp4").frames()))


_VIDEOS = [
    Mistake(
        "a_video_that_is_none",
        "which does not open",
        "The file ends like a video and is none, or is of a format that OpenCV lacks.",
        "Convert it to H.264 MP4.",
        lambda folder: told(VideoReader, _put(folder / "a.mp4", b"no video")),
        also=("a.mp4",),
    ),
    Mistake(
        "a_video_that_is_not_there",
        "which does not open",
        "The path of the video is misspelt.",
        "Check the path.",
        lambda folder: told(VideoReader, folder / "none.mp4"),
        also=("check that the file is there",),
    ),
    Mistake(
        "a_video_as_avi",
        "the ending '.avi'",
        "Videos are written as MP4.",
        "Name an output that ends in .mp4.",
        _video_written_as("out.avi"),
    ),
    Mistake(
        "frames_of_two_sizes",
        "the shape of the first frame",
        "A video has frames of one size.",
        "Write images instead.",
        _sizes_differ,
    ),
    Mistake(
        "half_a_video",
        "cut.mp4",
        "The copy was interrupted.",
        "Copy the video again.",
        _cut_short,
        also=("cut short",),
    ),
]


def _put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


MISTAKES: list[Mistake] = [*_IMAGES, *_VIDEOS]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)


@given(
    name=st.sampled_from(sorted(ENCODINGS)),
    place=st.integers(0, 20),
    letter=st.sampled_from("xyz_0 "),
)
def test_an_encoding_with_a_letter_too_many_is_refused_by_its_name(
    name: str, place: int, letter: str
) -> None:
    wrong = name[:place] + letter + name[place:]
    with pytest.raises(FrameError) as refusal:
        Frame.from_buffer(bytes(1152), height=4, width=8, encoding=wrong, step=96)
    assert repr(wrong) in refusal.value.received
    assert "write '" in refusal.value.fix
