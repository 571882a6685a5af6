"""Another network while the node runs, over real DDS: no frame waits, and no failure counts."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from dds import Observer, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_rig import (
    EVERY,
    LATCHED,
    NODE,
    SIZE,
    Rig,
    calibration,
    image_message,
    picture,
    pixels_of,
    running_node,
)
from sensor_msgs.msg import CameraInfo
from small_network import calibrated_by_day, write_network
from std_msgs.msg import String

pytestmark = pytest.mark.dds


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The file whose appearing lets a network load that is held."""
    return tmp_path / "release"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A network of four classes that was calibrated; the other has eleven and was not."""
    return write_network(tmp_path, calibration=calibrated_by_day())


@pytest.fixture
def rig(domain_id: int, observer: Observer, release: Path) -> Iterator[Rig]:
    """A connected node that loads at 96x128 only once released, and fails at 128x128."""
    program = str(Path(__file__).with_name("hindered_node.py"))
    # While nobody sends, silence would be warned of too.
    given = {**EVERY, "silence_warning_s": 600.0}
    for one in running_node(domain_id, observer, program, str(release), **given):
        one.connect()
        yield one


def runs(rig: Rig, size: str) -> None:
    """Wait until a network of a size runs and no other is loaded."""
    rig.value_becomes("network_size", size)
    rig.value_becomes("network_change", "none")


def test_frames_and_services_are_answered_while_a_network_loads(rig: Rig, release: Path) -> None:
    assert rig.set_parameter("network_size", "96x128") == ""
    rig.value_becomes("network_change", "loading network_size 96x128")
    for _ in range(5):
        assert rig.ask(image_message(picture())).height == 48
    assert (rig.state, rig.value("network_size")) == ("active", SIZE)
    release.touch()
    runs(rig, "96x128")
    rig.ask(image_message(picture()))
    assert rig.program.wait_for_line("changed: model .*, network_size 96x128")
    rig.value_becomes("processed", rig.value("received"))
    assert (rig.value("failed"), rig.value("skipped")) == ("0", "0")
    assert rig.parameter("network_size") == "96x128"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("network_size", "65x97", "multiples of 32 pixels; fix: ask for 96x128"),
        ("model", "/nowhere/net.onnx", "/nowhere/net.onnx"),
        ("class_map", "cityscapes19_to_categories", "Sky, Building"),
        ("palette", "/nowhere/colours.yaml", "no file at /nowhere/colours.yaml"),
        ("roi", "0,0,8,8;0,0,8,8", "2 regions for 1 camera"),
        ("precision", "fp8", "one of auto, fp32"),
        ("precision", "int8", "segmentation quantize --model"),
    ],
)
def test_what_cannot_be_is_refused_at_once_and_changes_nothing(
    rig: Rig, name: str, value: str, said: str
) -> None:
    before = rig.parameter(name)
    assert said in rig.set_parameter(name, value)
    assert rig.parameter(name) == before
    rig.ask(image_message(picture()))
    assert rig.value("network_change") == "none"


@pytest.mark.parametrize(
    ("size", "said"), [("128x128", "restart the accelerator"), ("160x128", "nobody foresaw")]
)
def test_what_fails_to_load_is_told_and_the_parameter_says_what_runs(
    rig: Rig, size: str, said: str
) -> None:
    assert rig.set_parameter("network_size", size) == ""
    line = rig.program.wait_for_line(r"\[ERROR\].*kept the network")
    assert f"cannot change to network_size {size}: " in line
    assert said in line
    wait_until(lambda: rig.parameter("network_size") == SIZE, "the parameter to be set back")
    warned = rig.diagnostics.wait_for(lambda one: said in one.status[0].message, said)
    assert warned.status[0].level == DiagnosticStatus.WARN
    assert rig.value("network_change") == "failed"
    assert rig.ask(image_message(picture())).height == 48
    assert rig.set_parameter("network_size", "32x64") == ""
    runs(rig, "32x64")
    wait_until(lambda: "kept" not in rig.diagnostics[-1].status[0].message, "all well")


def test_a_change_during_a_change_wins(rig: Rig, release: Path) -> None:
    assert rig.set_parameter("network_size", "96x128") == ""
    rig.value_becomes("network_change", "loading network_size 96x128")
    assert rig.set_parameter("network_size", "32x64") == ""
    rig.value_becomes("network_change", "loading network_size 32x64")
    release.touch()
    runs(rig, "32x64")
    assert not rig.program.matching("changed: .*network_size 96x128")


def test_to_set_back_what_runs_ends_the_change(rig: Rig, release: Path) -> None:
    assert rig.set_parameter("network_size", "96x128") == ""
    rig.value_becomes("network_change", "loading network_size 96x128")
    assert rig.set_parameter("network_size", SIZE) == ""
    rig.value_becomes("network_change", "none")
    release.touch()
    assert rig.ask(image_message(picture())).height == 48
    assert rig.value("network_size") == SIZE
    assert not rig.program.matching("changed: ")


def test_several_parameters_set_at_once_are_one_change_with_legend_sizes_and_calibration(
    rig: Rig, small: Path
) -> None:
    legends = rig.observer.collect(String, f"{NODE}/legend", LATCHED)
    infos = rig.observer.collect(CameraInfo, f"{NODE}/camera_info")
    assert json.loads(legends.wait(1)[0].data)["name"] != "small"
    rig.calibrate(calibration())
    rig.value_becomes("camera_info_listeners", "1")
    assert rig.set_together(model=str(small), network_size="32x32", output_size="network") == ""
    assert rig.program.wait_for_line(f"loading model {small}, network_size 32x32, output_size net")
    runs(rig, "32x32")
    legend = json.loads(legends.wait(2)[-1].data)
    ids = {one["id"] for one in legend["classes"]}
    answer = rig.ask(image_message(picture()))
    assert (answer.height, answer.width) == (32, 32)
    assert set(pixels_of(answer).flat) <= ids == {1, 4, 7, 10, 255}
    info = infos.wait(1)[-1]
    assert (info.roi.height or info.height, info.roi.width or info.width) == (32, 32)
    assert len(rig.program.matching("changed: ")) == 1
    assert rig.value("labels") == "small"
    assert rig.value("output_size") == "network"
    [drift] = [one for one in rig.diagnostics[-1].status if one.name.endswith("input drift")]
    assert {one.key: one.value for one in drift.values}["calibration_images"] == "2"


def test_a_node_that_is_not_active_changes_too_and_says_so_when_it_is(
    rig: Rig, small: Path
) -> None:
    assert rig.change_state(Transition.TRANSITION_DEACTIVATE)
    assert rig.set_parameter("model", str(small)) == ""
    rig.value_becomes("model", "small")
    assert rig.change_state(Transition.TRANSITION_ACTIVATE)
    with rig.observer.listening(String, f"{NODE}/legend", LATCHED) as legends:
        assert json.loads(legends.wait(1)[-1].data)["name"] == "small"
    rig.value_becomes("labels_listeners", "1")
    rig.knock(image_message(picture()))
    assert set(pixels_of(rig.labels[-1]).flat) <= {1, 4, 7, 10}


def test_other_colours_come_while_frames_are_answered_and_labels_stay(
    rig: Rig, small: Path, tmp_path: Path
) -> None:
    colours = tmp_path / "colours.yaml"
    colours.write_text("class 0: [1, 2, 3]\n", encoding="utf-8")
    assert rig.set_parameter("model", str(small)) == ""
    runs(rig, SIZE)
    rig.value_becomes("labels", "small")
    labels = pixels_of(rig.ask(image_message(picture())))
    with rig.observer.listening(String, f"{NODE}/legend", LATCHED) as legends:
        assert json.loads(legends.wait(1)[-1].data)["classes"][0]["color"] != [1, 2, 3]
        assert rig.set_parameter("palette", str(colours)) == ""
        classes = json.loads(legends.wait(2)[-1].data)["classes"]
    assert classes[0]["color"] == [1, 2, 3]
    assert (pixels_of(rig.ask(image_message(picture()))) == labels).all()
    assert "colours.yaml for class 0" in rig.set_parameter("model", "camvid")
    assert rig.parameter("model") == str(small)


def test_a_signal_while_a_network_loads_ends_the_node(rig: Rig, release: Path) -> None:
    assert rig.set_parameter("network_size", "96x128") == ""
    rig.value_becomes("network_change", "loading network_size 96x128")
    rig.program.process.send_signal(signal.SIGINT)
    release.touch()
    assert rig.program.wait() == 0, rig.program.output
    assert "Traceback" not in rig.program.output


def test_a_size_is_chosen_by_measuring_while_frames_are_answered(rig: Rig, small: Path) -> None:
    assert rig.set_together(model=str(small), network_size="auto") == ""
    rig.value_becomes("model", "small")
    assert "takes" in rig.value("network_size_reason")
    assert rig.ask(image_message(picture())).height == 48
