from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from locked import lock
from small_bags import PERIOD_NS, START_NS, picture, raw_image, write_bag

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.types import typestore
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.core.encodings import to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.errors import BagError, MediaError, OutputError
from segmentation_node.media.codec import decode_image, decode_labels
from segmentation_node.media.images import read_image, read_labels, write_image
from segmentation_node.media.video import VideoReader, VideoWriter
from segmentation_node.offline.job import Request
from segmentation_node.offline.run import run
from segmentation_node.pipeline import Outputs, Segmentation


class BlueAsLabel:
    """Stands for a network: the label of a pixel is its blue value; the colour is the label."""

    def __call__(self, image: np.ndarray | Frame, outputs: Outputs | None = None) -> Segmentation:
        frame = image if isinstance(image, Frame) else Frame.from_array(image)
        bgr = to_bgr(frame)
        color = np.dstack([bgr[..., 0], bgr[..., 0] // 2, 0 * bgr[..., 0]])
        wanted = outputs or Outputs()
        return Segmentation(
            labels=np.ascontiguousarray(bgr[..., 0]),
            color=color if wanted.color else None,
            overlay=bgr[..., ::-1] if wanted.overlay else None,
            confidence=None,
            stages_ms={"total": 1.0},
            stamp_ns=frame.stamp_ns,
            frame_id=frame.frame_id,
        )


def go(source: Path, output: Path, **options) -> dict:
    return run(Request(source, output, **options), BlueAsLabel(), lambda done, total: None)


def test_an_image_becomes_labels_and_colours(tmp_path: Path) -> None:
    write_image(tmp_path / "in.png", picture(3))
    figures = go(tmp_path / "in.png", tmp_path / "out.png")
    assert (read_labels(tmp_path / "out.png") == 30).all()
    assert (read_image(tmp_path / "out_color.png") == (0, 15, 30)).all()
    assert (figures["kind"], figures["frames"]) == ("image", 1)


def test_an_image_may_go_to_a_folder(tmp_path: Path) -> None:
    write_image(tmp_path / "in.png", picture(3))
    go(tmp_path / "in.png", tmp_path / "out", overlay=True)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["in.png", "in_overlay.png"]
    assert (read_image(tmp_path / "out" / "in_overlay.png") == picture(3)).all()


@pytest.mark.parametrize(
    ("name", "overlay"), [("0001_color.png", False), ("0001_overlay.png", True)]
)
def test_colours_do_not_replace_the_photograph(tmp_path: Path, name: str, overlay: bool) -> None:
    write_image(tmp_path / name, picture(3))
    with pytest.raises(OutputError, match=f"{name}, which exists already"):
        go(tmp_path / name, tmp_path / "0001.png", overlay=overlay)
    assert (read_image(tmp_path / name) == picture(3)).all()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_labels_do_not_go_to_a_lossy_file(tmp_path: Path) -> None:
    write_image(tmp_path / "in.png", picture(3))
    with pytest.raises(MediaError, match=r"name it .*out\.png"):
        go(tmp_path / "in.png", tmp_path / "out.jpg")


def test_a_folder_becomes_folders_frame_by_frame(tmp_path: Path) -> None:
    for index in range(4):
        write_image(tmp_path / "in" / f"{index}.png", picture(index))
    figures = go(tmp_path / "in", tmp_path / "out")
    assert figures["frames"] == 4
    labels = [read_labels(tmp_path / "out" / "labels" / f"{i}.png")[0, 0] for i in range(4)]
    assert labels == [0, 10, 20, 30]
    assert len(list((tmp_path / "out" / "color").iterdir())) == 4


def test_one_bad_image_is_named_after_the_others_were_done(tmp_path: Path) -> None:
    for index in range(3):
        write_image(tmp_path / "in" / f"{index}.png", picture(index))
    (tmp_path / "in" / "1.png").write_bytes(b"\x89PNG")
    with pytest.raises(
        MediaError,
        match=r"1 frame that cannot be read \(.*1\.png.*the other 2 frames are in the output, and",
    ):
        go(tmp_path / "in", tmp_path / "out")
    assert len(list((tmp_path / "out" / "labels").iterdir())) == 2


def test_what_is_left_out_by_its_name_is_named(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "in.mcap") as bag:
        for topic in ("/front/image_raw", "/front/semantic"):
            camera = bag.add_topic(topic, "sensor_msgs/msg/Image")
            bag.write_message(camera, START_NS, raw_image(0, START_NS))
    figures = go(tmp_path / "in.mcap", tmp_path / "out.mcap")
    assert figures["frames"] == 1
    assert "semantic in its name" in figures["left_alone"]["/front/semantic"]


def test_an_encoding_that_is_not_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "in.mcap") as bag:
        topic = bag.add_topic("/cam", "sensor_msgs/msg/Image")
        header = compressed_image(b"", "", 1, "cam").header
        image = typestore().types["sensor_msgs/msg/Image"](
            header=header,
            height=2,
            width=2,
            encoding="RGB8",
            is_bigendian=0,
            step=6,
            data=np.zeros(12, np.uint8),
        )
        data = bytes(typestore().serialize_cdr(image, "sensor_msgs/msg/Image"))
        bag.write(topic, 1, data)
    with pytest.raises(MediaError) as refusal:
        go(tmp_path / "in.mcap", tmp_path / "out.mcap")
    for part in ("the encoding 'RGB8'", "expected one of bgr8, rgb8", "fix: write 'rgb8'"):
        assert part in str(refusal.value)


def test_two_images_of_one_name_are_an_error(tmp_path: Path) -> None:
    for ending in ("png", "jpg"):
        write_image(tmp_path / "in" / f"a.{ending}", picture(0))
    with pytest.raises(MediaError, match=r"a\.png"):
        go(tmp_path / "in", tmp_path / "out")


def test_a_video_becomes_a_video_and_exact_labels(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "in.mp4", 10) as video:
        for index in range(5):
            video.write(np.full((48, 64, 3), 40 * index, np.uint8))
    figures = go(tmp_path / "in.mp4", tmp_path / "out.mp4")
    with VideoReader(tmp_path / "out.mp4") as video:
        assert (video.fps, len(list(video.frames()))) == (10, 5)
    labels = [read_labels(path) for path in sorted((tmp_path / "out_labels").iterdir())]
    assert [abs(int(one[20, 20]) - 40 * i) < 4 for i, one in enumerate(labels)] == [True] * 5
    assert figures["frames"] == 5


@pytest.mark.parametrize("output", ["out", "out.mcap", "out.db3"])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_bag_keeps_its_topics_and_gets_two_more(
    tmp_path: Path, compressed: bool, output: str
) -> None:
    source = write_bag(tmp_path / "in.mcap", compressed=compressed)
    go(source, tmp_path / output)
    with BagReader(source) as bag:
        before = [(m.topic, m.time_ns, bytes(m.data)) for m in bag.messages()]
    with BagReader(tmp_path / output) as bag:
        after = list(bag.messages())
    added = "/segmentation_node/"
    kept = [(m.topic, m.time_ns, bytes(m.data)) for m in after if not m.topic.startswith(added)]
    assert kept == before
    new = [m for m in after if m.topic.startswith(added)]
    assert len(new) == 6
    for message in new:
        image = typestore().deserialize_cdr(message.data, message.type)
        assert image.header.stamp.sec * 10**9 + image.header.stamp.nanosec == message.time_ns
        assert image.header.frame_id == "camera"
        if "labels" in message.topic:
            assert (image.format, decode_labels(bytes(image.data)).shape) == (
                "mono8; png compressed ",
                (24, 32),
            )
        else:
            # The colour is RGB (label, label / 2, 0); BGR once it is decoded.
            assert decode_image(bytes(image.data))[0, 0, 0] == 0


def write_odd_bag(path: Path, good: int = 3, odd: int = 3, bad_first: int = 0) -> Path:
    """A camera, and beside it a topic of images that nobody here reads."""
    with BagWriter(path) as bag:
        camera = bag.add_topic("/front/image_raw", "sensor_msgs/msg/Image")
        strange = bag.add_topic("/confidence/map", "sensor_msgs/msg/Image")
        for index in range(max(good, odd)):
            time_ns = START_NS + index * PERIOD_NS
            image = raw_image(index, time_ns)
            if index < good:
                image.encoding = "bgr8" if index >= bad_first else "no such thing"
                bag.write_message(camera, time_ns, image)
            if index < odd:
                image.encoding = "32FC1"
                bag.write_message(strange, time_ns, image)
    return path


def test_a_bag_with_odd_images_beside_the_camera_is_done_and_they_are_named(tmp_path: Path) -> None:
    figures = go(write_odd_bag(tmp_path / "in.mcap"), tmp_path / "out.mcap")
    assert (figures["frames"], figures["malformed"]) == (3, [])
    assert list(figures["left_alone"]) == ["/confidence/map"]
    assert "32FC1" in figures["left_alone"]["/confidence/map"]
    with BagReader(tmp_path / "out.mcap") as bag:
        assert bag.count_of("/confidence/map") == 3
        assert sum("labels" in topic for topic in bag.topics) == 1


def test_an_odd_topic_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    source = write_odd_bag(tmp_path / "in.mcap")
    with pytest.raises(MediaError, match="32FC1"):
        go(source, tmp_path / "out.mcap", topics=("/front/image_raw", "/confidence/map"))


def test_a_camera_whose_first_image_is_damaged_is_no_odd_topic(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such thing"):
        go(write_odd_bag(tmp_path / "in.mcap", bad_first=1), tmp_path / "out.mcap")


def test_a_bag_of_odd_images_alone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="32FC1"):
        go(write_odd_bag(tmp_path / "in.mcap", good=0), tmp_path / "out.mcap")


def test_a_bag_that_was_segmented_before_is_refused(tmp_path: Path) -> None:
    go(write_bag(tmp_path / "in.mcap"), tmp_path / "out.mcap")
    with pytest.raises(BagError, match="holds /segmentation_node/labels"):
        go(tmp_path / "out.mcap", tmp_path / "again.mcap", topics=("/camera/image_raw/compressed",))


def test_a_damaged_bag_leaves_no_output(tmp_path: Path) -> None:
    source = write_bag(tmp_path / "in.db3", frames=60)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    with pytest.raises(BagError, match="damaged"):
        go(source, tmp_path / "out.mcap")
    assert [path.name for path in tmp_path.iterdir()] == ["in.db3"]


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("in.png", "out.mp4"),
        ("in.png", "out.mcap"),
        ("in", "out.mp4"),
        ("in", "out.png"),
        ("in.mcap", "out.mp4"),
        ("in.mcap", "out.png"),
        ("in.mp4", "out.png"),
        ("in.mp4", "out.mcap"),
    ],
)
def test_an_output_of_another_kind_is_refused_and_nothing_is_written(
    tmp_path: Path, source: str, output: str
) -> None:
    if source == "in.mcap":
        write_bag(tmp_path / source)
    elif source == "in":
        write_image(tmp_path / source / "a.png", picture(0))
    else:
        (tmp_path / source).touch()
    with pytest.raises(OutputError, match="the output is of the input's kind"):
        go(tmp_path / source, tmp_path / output)
    assert [path.name for path in tmp_path.iterdir()] == [source]


@pytest.mark.parametrize("name", ["10:30:00.mp4", "50%.mp4", "%03d.mp4", "-a b.mp4"])
def test_a_name_is_a_name_whatever_stands_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with VideoWriter(Path(name), 10) as video:
        for index in range(3):
            video.write(np.full((48, 64, 3), 40 * index, np.uint8))
    figures = go(Path(name), Path(f"out {name}"))
    assert figures["frames"] == 3
    with VideoReader(Path(f"out {name}")) as again:
        assert len(list(again.frames())) == 3


def test_a_video_that_fails_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "in.mp4", 10) as video:
        for index in range(5):
            video.write(np.full((48, 64, 3), 40 * index, np.uint8))

    class Breaks(BlueAsLabel):
        def __call__(self, image: np.ndarray | Frame, outputs: Outputs | None = None):
            if np.asarray(image).mean() > 100:
                raise OutputError("a full disk", "space", "make some")
            return super().__call__(image, outputs)

    with pytest.raises(OutputError, match="a full disk"):
        run(Request(tmp_path / "in.mp4", tmp_path / "out.mp4"), Breaks(), lambda *_: None)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
    assert go(tmp_path / "in.mp4", tmp_path / "out.mp4")["frames"] == 5


@pytest.mark.parametrize("name", ["out.png", "out"])
def test_an_existing_output_is_left_alone(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / "in.png", picture(0))
    (tmp_path / name).write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        go(tmp_path / "in.png", tmp_path / name)
    assert (tmp_path / name).read_text() == "precious"


def test_an_unknown_or_missing_input_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(MediaError, match=r"'\.txt'"):
        go(tmp_path / "a.txt", tmp_path / "out")
    with pytest.raises(MediaError, match="does not exist"):
        go(tmp_path / "none.png", tmp_path / "out")


def test_an_input_where_one_may_not_look_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "in" / "a.png", picture(0))
    lock(monkeypatch, tmp_path / "in")
    with pytest.raises(MediaError, match=r"a\.png"):
        go(tmp_path / "in" / "a.png", tmp_path / "out")


def test_an_output_where_one_may_not_look_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "in.png", picture(0))
    (tmp_path / "out").mkdir()
    lock(monkeypatch, tmp_path / "out")
    with pytest.raises(OutputError, match=r"out \(Permission denied\)"):
        go(tmp_path / "in.png", tmp_path / "out")


def test_progress_tells_done_and_total(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    for index in range(3):
        write_image(tmp_path / "in" / f"{index}.png", picture(index))
    request = Request(tmp_path / "in", tmp_path / "out")
    run(request, BlueAsLabel(), lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
