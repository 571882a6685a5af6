"""The sink and the source of a measurement, over DDS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dds import Observer, wait_until
from sensor_msgs.msg import Image

from benchmarks.ros.camera_source import WARM_UP
from benchmarks.ros_programs import running

TOPIC = "/segmentation_node/labels"
SOURCE = ["--rate", "20", "--frames", "4", "--warm-up", "30"]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    path = tmp_path / "images.npy"
    np.save(path, np.stack([np.full((6, 8, 3), value, np.uint8) for value in (1, 2, 3)]))
    return path


@pytest.mark.dds
@pytest.mark.parametrize("more", [[], ["--best-effort"]], ids=["reliable", "best effort"])
def test_every_image_that_counts_is_noted_and_none_that_warms_up(
    images: Path, domain_id: int, more: list[str]
) -> None:
    """The source stands for a node: what it sends comes on the topic of labels."""
    with (
        running("camera_source", [TOPIC, "--images", str(images), *SOURCE, *more], domain_id) as it,
        running("image_sink", ["--labels", TOPIC, "--quiet", "0.5", *more], domain_id) as sink,
    ):
        sink.event("ready", 60)
        it.event("begun", 60)
        before = it.cpu_s()
        sent = it.event("done", 60)
        assert it.cpu_s() >= before > 0
        figures = sink.end("figures")
    stamps = [stamp for stamp, _ in sent["calls"]]
    assert [stamp for stamp, _ in figures["labels"]] == stamps
    assert all(latency > 0 for _, latency in figures["labels"])
    assert (sent["sent"], figures["colors"], figures["marks"]) == (4, 0, [])


@pytest.mark.dds
def test_images_of_a_file_are_sent_in_turns(
    images: Path, domain_id: int, observer: Observer
) -> None:
    words = [TOPIC, "--images", str(images), *SOURCE, "--depth", "10"]
    with running("camera_source", words, domain_id) as source:
        received = observer.collect(Image, TOPIC)
        source.event("done", 60)
        wait_until(lambda: len(counting(received.messages)) == 4, "the images that count")
    assert [message.data[0] for message in counting(received.messages)] == [1, 2, 3, 1]
    warming_up = [message for message in received.messages if message.header.frame_id == WARM_UP]
    assert {message.data[0] for message in warming_up} == {1}


def counting(messages: list[Image]) -> list[Image]:
    return [message for message in messages if not message.header.frame_id]
