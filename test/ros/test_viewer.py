"""The page's pictures and facts of a running node, over real DDS, in processes of their own."""

from __future__ import annotations

import asyncio
import signal
import struct
from array import array
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import MagicMock

import cv2
import numpy as np
import pytest
from dds import Observer, Program, claimed_domain

aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from lifecycle_msgs.msg import Transition  # noqa: E402
from node_rig import EVERY, MODEL, NODE, Rig, image_message, picture, running_node  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Float64, String  # noqa: E402
from view_rig import next_fact, next_picture, until  # noqa: E402

from segmentation_node.core.encodings import to_bgr  # noqa: E402
from segmentation_node.errors import FrameError  # noqa: E402
from segmentation_node.media.codec import encode_jpeg, encode_png  # noqa: E402
from segmentation_node.model import load_model  # noqa: E402
from segmentation_node.ros.conversion import frame_of_image  # noqa: E402
from segmentation_node.ros.qos import LATCHED_PUBLICATION  # noqa: E402
from segmentation_node.ros.view_picture import picture_of  # noqa: E402
from segmentation_node.ros.view_source import NodeSource  # noqa: E402
from segmentation_node.view.settings import ViewSettings  # noqa: E402

VIEWER = ("-m", "segmentation_node.ros.viewer", "--port", "0", "--events", "--rate-hz", "100")
dds = pytest.mark.dds


@pytest.fixture(scope="module")
def domain() -> Iterator[int]:
    with claimed_domain() as claimed:
        yield claimed


@pytest.fixture(scope="module")
def rig(domain: int) -> Iterator[Rig]:
    """A node that answers every frame."""
    with Observer(domain) as observer:
        for one in running_node(domain, observer, **EVERY):
            one.connect()
            one.knock(image_message(picture()))
            yield one


@pytest.fixture
def viewer(domain: int, rig: Rig) -> Iterator[Program]:
    with Program(*VIEWER, "--node", NODE, domain_id=domain) as program:
        yield program


def address_of(viewer: Program) -> str:
    return viewer.wait_for_line('"ready"').split('"')[-2].rstrip("/")


@asynccontextmanager
async def browser(viewer: Program) -> Any:
    address = address_of(viewer)
    async with aiohttp.ClientSession() as session:
        yield await session.ws_connect(f"{address}/live", origin=address)


async def both_pictures(rig: Rig, socket: Any, pixels: Any) -> dict[int, bytes]:
    """One picture of each stream, while the camera sends again and again."""

    async def send() -> None:
        while True:
            rig.camera.publish(image_message(pixels))
            await asyncio.sleep(0.05)

    sending, found = asyncio.create_task(send()), {}
    try:
        while len(found) < 2:
            message = await next_picture(socket)
            found[message[0]] = message[1:]
            await socket.send_str("got")
    finally:
        sending.cancel()
    return found


def decoded(data: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)


def listeners_become(rig: Rig, count: str) -> Callable[[], bool]:
    return lambda: rig.value("overlay_listeners") == count


@dds
def test_pictures_and_times_come_while_somebody_looks_and_cost_nothing_before_and_after(
    rig: Rig, viewer: Program
) -> None:
    async def run() -> None:
        async with browser(viewer) as socket:
            classes = (await next_fact(socket, "legend"))["classes"]
            names = [label.name for label in load_model(MODEL).labels.labels]
            assert [one["name"] for one in classes] == names
            status = await next_fact(socket, "status")
            assert status["input_topic"] == "/camera/image_raw"
            assert rig.value("overlay_listeners") == "0"
            camera_listeners = rig.camera.get_subscription_count()
            await socket.send_str("look")
            await until(listeners_become(rig, "1"))
            found = await both_pictures(rig, socket, picture(seed=3))
            assert np.abs(decoded(found[0]) - picture(seed=3)).mean() < 12
            assert decoded(found[1]).shape == (48, 64, 3)
            assert rig.camera.get_subscription_count() == camera_listeners + 1
            timing = asyncio.create_task(next_fact(socket, "timing"))
            while not timing.done():
                rig.camera.publish(image_message(picture()))
                await asyncio.sleep(0.1)
            assert all(time_ms > 0 for time_ms in timing.result()["total_ms"])
            await socket.send_str("rest")
            await until(listeners_become(rig, "0"))
            await until(lambda: rig.camera.get_subscription_count() == camera_listeners)

    asyncio.run(run())


@dds
def test_a_browser_that_goes_away_ends_the_work_too(rig: Rig, viewer: Program) -> None:
    async def run() -> None:
        async with browser(viewer) as socket:
            await socket.send_str("look")
            await until(listeners_become(rig, "1"))
        await until(listeners_become(rig, "0"))

    asyncio.run(run())


@dds
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_while_somebody_looks(
    rig: Rig, viewer: Program, number: signal.Signals
) -> None:
    async def run() -> int:
        async with browser(viewer) as socket:
            await socket.send_str("look")
            await until(listeners_become(rig, "1"))
            await both_pictures(rig, socket, picture())
            viewer.process.send_signal(number)
            while (await socket.receive(20)).type is not aiohttp.WSMsgType.CLOSE:
                pass
            return int(socket.close_code or 0)

    assert asyncio.run(run()) in {0, 1001}
    assert viewer.wait() == 0
    assert "Traceback" not in viewer.output


@dds
def test_the_compressed_overlay_is_taken_where_asked(domain: int, rig: Rig) -> None:
    async def run(viewer: Program) -> None:
        async with browser(viewer) as socket:
            await socket.send_str("look")
            await until(lambda: rig.value("overlay_compressed_listeners") == "1")
            assert rig.value("overlay_listeners") == "0"
            found = await both_pictures(rig, socket, picture())
            assert decoded(found[1]).shape == (48, 64, 3)

    with Program(*VIEWER, "--node", NODE, "--compressed", domain_id=domain) as viewer:
        asyncio.run(run(viewer))


@dds
def test_without_a_node_the_page_is_there_all_the_same(domain_id: int) -> None:
    async def run(viewer: Program) -> None:
        async with browser(viewer) as socket:
            assert (await next_fact(socket, "about"))["node"] == "/nobody"
            await socket.send_str("look")

    with Program(*VIEWER, "--node", "/nobody", domain_id=domain_id) as viewer:
        asyncio.run(run(viewer))
        assert viewer.stop() == 0


@dds
def test_a_time_that_json_cannot_hold_is_left_out(domain_id: int, observer: Observer) -> None:
    async def run(viewer: Program) -> None:
        async with browser(viewer) as socket:
            await socket.send_str("look")
            times = observer.node.create_publisher(Float64, "/nobody/timing/total_ms", 10)
            told = asyncio.create_task(next_fact(socket, "timing"))
            while not told.done():
                for time_ms in (float("nan"), float("inf"), 5.0):
                    times.publish(Float64(data=time_ms))
                await asyncio.sleep(0.1)
            assert set(told.result()["total_ms"]) == {5.0}

    with Program(*VIEWER, "--node", "/nobody", domain_id=domain_id) as viewer:
        asyncio.run(run(viewer))


@dds
def test_a_legend_that_is_none_is_said_once_and_the_next_one_shown(
    domain_id: int, observer: Observer
) -> None:
    async def run(viewer: Program) -> None:
        async with browser(viewer) as socket:
            legends = observer.publisher(String, "/nobody/legend", LATCHED_PUBLICATION)
            legends.publish(String(data="roads are violet"))
            fault = (await next_fact(socket, "fault legend"))["text"]
            assert "'roads are violet'; expected JSON with classes" in fault
            legends.publish(String(data="roads are violet"))
            legends.publish(String(data="[1, 2]"))
            assert "[1, 2]" in (await next_fact(socket, "fault legend"))["text"]
            legends.publish(String(data='{"classes": [{"name": "road", "color": [1, 2, 3]}]}'))
            told: dict[str, Any] = {}  # in whatever order: only the latest of a kind is kept
            while not {"legend", "fault legend"} <= set(told):
                fact = await socket.receive_json(timeout=60)
                told[fact["kind"]] = fact
            assert told["legend"]["classes"][0]["name"] == "road"
            assert told["fault legend"]["text"] == ""

    with Program(*VIEWER, "--node", "/nobody", domain_id=domain_id) as viewer:
        asyncio.run(run(viewer))
        assert viewer.stop() == 0
        assert len(viewer.matching("roads are violet")) == 1
        assert "Traceback" not in viewer.output


def test_a_page_that_looks_and_rests_without_end_has_one_task_waiting() -> None:
    source = NodeSource(ViewSettings())
    source._executor = MagicMock()
    for _ in range(1000):
        source.look(True)
        source.look(False)
    assert source._executor.create_task.call_count == 1


def compressed(data: bytes) -> CompressedImage:
    return CompressedImage(format="whatever", data=array("B", data))


@pytest.mark.parametrize("encode", [encode_jpeg, encode_png])
def test_a_picture_that_browsers_show_is_passed_on_as_it_is(encode: Any) -> None:
    data = encode(picture())
    assert picture_of(compressed(data), 50) == data


def test_a_picture_that_would_fill_the_memory_of_a_browser_is_not_passed_on() -> None:
    data = bytearray(encode_png(picture()))
    data[16:24] = struct.pack(">II", 60000, 60000)
    with pytest.raises(FrameError, match="announces 60000 wide, 60000 high"):
        picture_of(compressed(bytes(data)), 50)


def test_a_picture_that_they_do_not_show_is_made_one() -> None:
    data = cv2.imencode(".bmp", picture())[1].tobytes()
    found = picture_of(compressed(data), 90)
    assert found.startswith(b"\xff\xd8")
    assert np.abs(decoded(found) - picture()).mean() < 12


@pytest.mark.parametrize("encoding", ["bgr8", "rgb8"])
def test_colours_of_raw_images_are_kept(encoding: str) -> None:
    message: Image = image_message(picture(), encoding)
    found = decoded(picture_of(message, 95))
    assert np.abs(found - to_bgr(frame_of_image(message))).mean() < 12


@dds
def test_of_several_cameras_one_is_chosen(domain_id: int, observer: Observer) -> None:
    async def run(front: Program, none: Program) -> None:
        async with browser(none) as socket:
            assert "--camera front | rear" in (await next_fact(socket, "fault overlay"))["text"]
            # Whoever looks all the same sees no picture, and goes on to hear from the node.
            await socket.send_str("look")
            for _ in range(5):
                status = await next_fact(socket, "status")
            assert dict(status["details"])["cameras"] == "front, rear"
        async with browser(front) as socket:
            assert (await next_fact(socket, "status"))["input_topic"] == "/front/image_raw"
            await socket.send_str("look")
            camera = observer.node.create_publisher(Image, "/front/image_raw", 10)
            sent, found = 0, asyncio.create_task(next_picture(socket))
            while not found.done() or sent < 3:
                camera.publish(image_message(picture()))
                sent += 1
                await asyncio.sleep(0.1)

    topics = ["/front/image_raw", "/rear/image_raw"]
    nodes = running_node(domain_id, observer, image_topics=topics)
    for rig in nodes:
        # Before that it tells nothing, and the viewers wait for a limited time.
        rig.program.wait_for_line("active: ")
        with (
            Program(*VIEWER, "--node", NODE, "--camera", "front", domain_id=domain_id) as front,
            Program(*VIEWER, "--node", NODE, domain_id=domain_id) as none,
        ):
            asyncio.run(run(front, none))


@dds
def test_whoever_chose_a_camera_hears_of_the_node_too_where_it_says_nothing_of_cameras(
    domain_id: int, observer: Observer
) -> None:
    async def run(viewer: Program) -> None:
        async with browser(viewer) as socket:
            status = await next_fact(socket, "status")
            assert "names a_b, a_b" in status["message"]

    same_names = ["/a/b/image_raw", "/a_b/image_raw"]
    given = {"image_topics": same_names, "autostart": False}
    for rig in running_node(domain_id, observer, **given):
        assert not rig.change_state(Transition.TRANSITION_CONFIGURE)
        words = ("--node", NODE, "--camera", "front")
        with Program(*VIEWER, *words, domain_id=domain_id) as viewer:
            asyncio.run(run(viewer))
