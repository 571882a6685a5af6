from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from full_disk import full_disk
from small_bags import speckled, write_bag, write_cameras

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.types import typestore
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.core.compressed import decode
from segmentation_node.errors import BagError, OutputError
from segmentation_node.media.codec import decode_labels, encode_jpeg
from segmentation_node.offline.bag_segmenter import BagSegmenter
from segmentation_node.offline.job import Request
from segmentation_node.offline.manifest import manifest_path, read_manifest
from segmentation_node.offline.opening import Opening
from segmentation_node.offline.outcome import Outcome

CAMERA = "/front/image_raw/compressed"


def silent(done: int, total: int) -> None:
    pass


@pytest.fixture
def segmenter(opening: Opening) -> Iterator[BagSegmenter]:
    with BagSegmenter(opening) as found:
        yield found


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    source = write_cameras(tmp_path / "in.mcap", CAMERA, make=speckled)
    return Request(source, tmp_path / "out.mcap")


def status(outcome: Outcome) -> tuple[str, str]:
    return outcome.status, outcome.note


def test_a_bag_that_is_done_is_left_as_it_is(segmenter: BagSegmenter, request_: Request) -> None:
    first = segmenter(request_, silent)
    written = request_.output.stat()
    second = segmenter(request_, silent)
    assert (status(first), first.frames) == (("done", ""), 3)
    assert (status(second), second.frames) == (("skipped", ""), 0)
    assert request_.output.stat() == written


def test_labels_are_those_of_the_library(
    segmenter: BagSegmenter, request_: Request, opening: Opening
) -> None:
    segmenter(request_, silent)
    with BagReader(request_.output) as bag, opening.load() as alone:
        messages = list(bag.messages())
        answers = [m for m in messages if m.topic == "/segmentation_node/labels/compressed"]
        images = [m for m in messages if m.topic == CAMERA]
        assert len(answers) == len(images) == 3
        for image, answer in zip(images, answers, strict=True):
            labels = typestore().deserialize_cdr(answer.data, answer.type)
            pixels = typestore().deserialize_cdr(image.data, image.type)
            expected = alone(decode(pixels.data, "jpeg")).labels
            assert (decode_labels(bytes(labels.data)) == expected).all()


def test_what_a_killed_run_leaves_is_done_again(segmenter: BagSegmenter, request_: Request) -> None:
    segmenter(request_, silent)
    whole = request_.output.read_bytes()
    request_.output.unlink()  # killed between the manifest and the move
    (request_.output.with_name(".out.mcap.partial") / "out").mkdir(parents=True)
    assert status(segmenter(request_, silent)) == ("done", "its output was gone")
    assert request_.output.read_bytes() == whole
    names = {path.name for path in request_.output.parent.iterdir()}
    assert names == {"in.mcap", "network", "out.mcap", "out.mcap.run.json"}


def test_a_disk_that_fills_up_leaves_nothing_and_the_next_run_does_it(
    segmenter: BagSegmenter, request_: Request
) -> None:
    beside = {path.name for path in request_.output.parent.iterdir()}
    with full_disk(100), pytest.raises(OutputError, match="free space"):
        segmenter(request_, silent)
    assert {path.name for path in request_.output.parent.iterdir()} == beside
    assert status(segmenter(request_, silent))[0] == "done"


def test_another_input_is_noticed(segmenter: BagSegmenter, request_: Request) -> None:
    segmenter(request_, silent)
    facts = request_.source.stat()
    os.utime(request_.source, ns=(facts.st_atime_ns, facts.st_mtime_ns + 10**9))
    outcome = segmenter(request_, silent)
    assert outcome.status == "done"
    assert outcome.note.startswith("input.modified_ns was")
    request_.source.unlink()
    write_cameras(request_.source, CAMERA, frames=5, make=speckled)
    assert "input.size_bytes was" in segmenter(request_, silent).note
    assert segmenter(request_, silent).status == "skipped"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"overlay": True}, "options.overlay was False, is True"),
        ({"topics": (CAMERA,)}, f"options.topics was [], is ['{CAMERA}']"),
        ({"compress": True}, "options.compress was False, is True"),
    ],
)
def test_other_options_are_noticed(
    segmenter: BagSegmenter, request_: Request, changes: dict, told: str
) -> None:
    segmenter(request_, silent)
    assert status(segmenter(replace(request_, **changes), silent)) == ("done", told)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"network_size": "96x96"}, "network.network_size was 64x96, is 96x96"),
        ({"roi": "0,0,32,24"}, "network.roi was , is 0,0,32,24"),
        ({"output_size": "network"}, "network.output_size was camera, is network"),
    ],
)
def test_another_network_is_noticed(
    segmenter: BagSegmenter, request_: Request, opening: Opening, changes: dict, told: str
) -> None:
    segmenter(request_, silent)
    with BagSegmenter(replace(opening, **changes)) as other:
        assert status(other(request_, silent)) == ("done", told)


def test_a_network_of_the_same_name_is_told_by_its_files(
    segmenter: BagSegmenter, request_: Request, opening: Opening
) -> None:
    segmenter(request_, silent)
    sidecar = Path(opening.model).with_suffix(".yaml")
    sidecar.write_text(sidecar.read_text().replace("class 1", "class one"))
    with BagSegmenter(opening) as other:
        assert "network.classes_sha256 was" in other(request_, silent).note


def test_a_manifest_says_what_the_ids_mean(segmenter: BagSegmenter, request_: Request) -> None:
    segmenter(request_, silent)
    manifest = read_manifest(request_.output)
    assert manifest is not None
    assert manifest.facts["labels"]["1"] == "class 0"
    assert manifest.output_bytes == request_.output.stat().st_size


def test_a_bag_of_somebody_else_is_left_alone(segmenter: BagSegmenter, request_: Request) -> None:
    request_.output.write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        segmenter(request_, silent)
    request_.output.unlink()
    segmenter(request_, silent)
    request_.output.write_text("precious")
    with pytest.raises(OutputError, match=r"not the bag that its \.run\.json is about"):
        segmenter(request_, silent)
    assert request_.output.read_text() == "precious"


def test_a_failed_bag_leaves_neither_output_nor_manifest(
    segmenter: BagSegmenter, request_: Request
) -> None:
    data = request_.source.read_bytes()
    request_.source.write_bytes(data[: len(data) // 2])
    outcome = segmenter.attempt(request_, silent)
    assert outcome.status == "failed"
    assert isinstance(outcome.error, BagError)
    assert not request_.output.exists() and not manifest_path(request_.output).exists()


def test_frames_that_cannot_be_read_are_not_forgotten(
    segmenter: BagSegmenter, tmp_path: Path
) -> None:
    with BagWriter(tmp_path / "in.mcap") as bag:
        topic = bag.add_topic(CAMERA, "sensor_msgs/msg/CompressedImage")
        for time_ns, data in ((1, encode_jpeg(speckled(1))), (2, b"\xff\xd8\xff"), (3, b"")):
            bag.write_message(topic, time_ns, compressed_image(data, "jpeg", time_ns, "cam"))
        bag.write(topic, 4, b"\x00\x01\x00\x00")
    asked = Request(tmp_path / "in.mcap", tmp_path / "out.mcap")
    first, second = segmenter(asked, silent), segmenter(asked, silent)
    assert (first.status, second.status) == ("done", "skipped")
    assert first.frames == 1
    assert "3 frames that cannot be read" in str(first.error)
    assert str(second.error) == str(first.error)


def test_every_camera_gets_topics_of_its_own(segmenter: BagSegmenter, tmp_path: Path) -> None:
    source = write_cameras(tmp_path / "in.mcap", "/left/compressed", "/right/image", frames=2)
    segmenter(Request(source, tmp_path / "both.mcap"), silent)
    segmenter(Request(source, tmp_path / "one.mcap", topics=("/right/image",)), silent)
    assert added(tmp_path / "both.mcap") == {
        "/segmentation_node/left/labels/compressed": 2,
        "/segmentation_node/left/color/compressed": 2,
        "/segmentation_node/right/image/labels/compressed": 2,
        "/segmentation_node/right/image/color/compressed": 2,
    }
    assert added(tmp_path / "one.mcap") == {
        "/segmentation_node/right/image/labels/compressed": 2,
        "/segmentation_node/right/image/color/compressed": 2,
    }
    with BagReader(tmp_path / "both.mcap") as bag:
        for message in bag.messages(added(tmp_path / "both.mcap")):
            image = typestore().deserialize_cdr(message.data, message.type)
            assert image.header.stamp.sec * 10**9 + image.header.stamp.nanosec == message.time_ns


def added(path: Path) -> dict[str, int]:
    with BagReader(path) as bag:
        return {n: bag.count_of(n) for n in bag.topics if n.startswith("/segmentation_node/")}


def test_one_camera_raw_and_compressed_is_segmented_once(
    segmenter: BagSegmenter, tmp_path: Path
) -> None:
    source = write_cameras(tmp_path / "in.mcap", "/cam", "/cam/compressed")
    segmenter(Request(source, tmp_path / "out.mcap"), silent)
    assert set(added(tmp_path / "out.mcap")) == {
        "/segmentation_node/labels/compressed",
        "/segmentation_node/color/compressed",
    }
    both = Request(source, tmp_path / "both.mcap", topics=("/cam", "/cam/compressed"))
    with pytest.raises(BagError, match="each camera once"):
        segmenter(both, silent)


def test_a_bag_may_be_written_compressed(segmenter: BagSegmenter, tmp_path: Path) -> None:
    source = write_bag(tmp_path / "in.mcap", frames=20, compressed=False)
    for compress in (False, True):
        segmenter(Request(source, tmp_path / f"{compress}.mcap", compress=compress), silent)
    sizes = [(tmp_path / f"{compress}.mcap").stat().st_size for compress in (False, True)]
    assert sizes[1] < sizes[0] / 2
    assert added(tmp_path / "True.mcap") == added(tmp_path / "False.mcap")
