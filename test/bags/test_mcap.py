"""What we write, read by the package that Foxglove's own tools are made with."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from small_bags import START_NS, write_bag

from segmentation_node.bags.writer import BagWriter, compressed_image

reader = pytest.importorskip("mcap.reader", reason="mcap is not installed")
ros2 = pytest.importorskip("mcap_ros2.decoder", reason="mcap is not installed")


@pytest.mark.parametrize("compress", [False, True])
def test_every_message_decodes_by_the_definitions_in_the_file(
    tmp_path: Path, compress: bool
) -> None:
    with BagWriter(tmp_path / "a.mcap", compress=compress) as bag:
        topic = bag.add_topic("/labels/compressed", "sensor_msgs/msg/CompressedImage")
        bag.write_message(topic, START_NS, compressed_image(b"png", "mono8", START_NS, "camera"))
    with (tmp_path / "a.mcap").open("rb") as file:
        found = reader.make_reader(
            file, decoder_factories=[ros2.DecoderFactory()], validate_crcs=True
        )
        ((schema, channel, message, image),) = found.iter_decoded_messages()
    assert (schema.name, schema.encoding) == ("sensor_msgs/msg/CompressedImage", "ros2msg")
    assert (channel.topic, channel.message_encoding) == ("/labels/compressed", "cdr")
    assert "offered_qos_profiles" in channel.metadata
    assert (message.log_time, image.header.frame_id, bytes(image.data)) == (
        START_NS,
        "camera",
        b"png",
    )


def test_a_file_has_what_foxglove_seeks_by(tmp_path: Path) -> None:
    with write_bag(tmp_path / "a.mcap").open("rb") as file:
        found = reader.make_reader(file)
        assert found.get_header().profile == "ros2"
        summary = found.get_summary()
    assert summary.statistics.message_count == 9
    assert summary.chunk_indexes
    assert {schema.encoding for schema in summary.schemas.values()} == {"ros2msg"}
    assert all(schema.data for schema in summary.schemas.values())


def test_the_metadata_of_a_folder_is_what_rosbag2_looks_for(tmp_path: Path) -> None:
    folder = write_bag(tmp_path / "drive")
    content = yaml.safe_load((folder / "metadata.yaml").read_text())
    found = content["rosbag2_bagfile_information"]
    assert (found["version"], found["storage_identifier"]) == (8, "mcap")
    assert found["relative_file_paths"] == ["drive.mcap"]
    assert found["message_count"] == 9
    for entry in found["topics_with_message_count"]:
        topic = entry["topic_metadata"]
        assert topic["serialization_format"] == "cdr"
        assert isinstance(topic["offered_qos_profiles"], str)
        assert topic["type_description_hash"].startswith("RIHS01_")
