from __future__ import annotations

import asyncio
import re
import socket as sockets
from collections.abc import Coroutine
from typing import Any

import pytest

from segmentation_node.errors import TransportError

aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from view_rig import (  # noqa: E402
    PATIENCE_S,
    jpeg,
    next_fact,
    next_picture,
    on_a_loop,
    serving,
    until,
)

from segmentation_node.view.browser import IN_FLIGHT  # noqa: E402
from segmentation_node.view.server import FILES, PAGE  # noqa: E402


async def refusal(connecting: Coroutine[Any, Any, Any]) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await connecting
    return int(caught.value.status)


@pytest.mark.parametrize("path", sorted(FILES))
@on_a_loop
async def test_each_file_of_the_page_is_served_and_nothing_from_elsewhere_allowed(
    path: str,
) -> None:
    async with serving() as rig, rig.get(path) as answer:
        name, content_type = FILES[path]
        assert (answer.status, answer.content_type) == (200, content_type)
        assert await answer.read() == (PAGE / name).read_bytes()
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        assert "Python" not in answer.headers["Server"]


def test_the_page_asks_for_its_own_files_alone() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) == set(FILES) - {"/"}
    assert "style=" not in page  # the policy forbids it
    assert not re.search(r"<script(?! src)|\son\w+=", page)
    texts = [path.read_text(encoding="utf-8") for path in PAGE.iterdir()]
    assert not [text for text in texts if re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)]


@pytest.mark.parametrize(
    "path", ["/none", "/../setup.py", "/%2e%2e/server.py", "/page/view.js", "//view.css"]
)
@on_a_loop
async def test_other_paths_are_not_found(path: str) -> None:
    async with serving() as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(rig.origin.split(":")[-1]))
        # By hand: client libraries tidy paths up.
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"Content-Security-Policy" in answer


@on_a_loop
async def test_only_reading_is_possible() -> None:
    async with serving() as rig, rig.post("/") as answer:
        assert answer.status == 405


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8470", "192.168.0.9", "", "[", "a@b"]
)
@pytest.mark.parametrize("path", ["/", "/view.js", "/live", "/none"])
@on_a_loop
async def test_a_host_that_is_not_this_machine_is_refused(host: str, path: str) -> None:
    async with serving() as rig, rig.get(path, Host=host) as answer:
        assert answer.status == 403
        assert "allow-name" in await answer.text()


@on_a_loop
async def test_a_page_from_elsewhere_gets_nothing() -> None:
    async with serving() as rig:
        async with rig.get("/", Origin="http://evil.example") as answer:
            assert answer.status == 403
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1", None):
            assert await refusal(rig.connect(origin=origin)) == 403
        assert await refusal(rig.connect("http://evil.example", Host="evil.example")) == 403
        assert rig.source.looks == []


@on_a_loop
async def test_a_name_that_was_allowed_is_served_by_any_port() -> None:
    async with serving(names=("Robot.lan",)) as rig:
        async with rig.get("/", Host="robot.lan:9000") as answer:
            assert answer.status == 200
        browser = await rig.connect("http://robot.lan:9000", Host="robot.lan:9000")
        assert (await next_fact(browser, "about"))["node"] == "/segmentation_node"
        await browser.close()


@on_a_loop
async def test_a_plain_request_for_the_socket_is_told_what_it_is_for() -> None:
    async with serving() as rig, rig.get("/live", Origin=rig.origin) as answer:
        assert answer.status == 426


@on_a_loop
async def test_pictures_are_asked_for_only_while_somebody_looks() -> None:
    async with serving() as rig:
        idle = await rig.connect()
        assert (await next_fact(idle, "about"))["camera"] == ""
        assert rig.source.looks == []
        one = await rig.look()
        two = await rig.connect()
        await two.send_str("look")
        await one.send_str("rest")
        await two.close()
        await until(lambda: len(rig.source.looks) > 1)
        assert rig.source.looks == [True, False]
        await one.send_str("look")
        await until(lambda: rig.source.looks == [True, False, True])


@on_a_loop
async def test_every_browser_gets_the_pictures_and_the_latest_facts() -> None:
    async with serving() as rig:
        one, two = await rig.look(), await rig.look()
        rig.source.tell("status", level=0, message="fine")
        rig.source.show("overlay", jpeg(9))
        rig.source.show("input", jpeg(200))
        for browser in (one, two):
            assert (await next_fact(browser, "status"))["message"] == "fine"
            assert {await next_picture(browser), await next_picture(browser)} == {
                b"\x01" + jpeg(9),
                b"\x00" + jpeg(200),
            }
        late = await rig.connect()
        assert (await next_fact(late, "status"))["level"] == 0


@on_a_loop
async def test_a_browser_that_confirms_nothing_gets_no_more_and_holds_up_nobody() -> None:
    async with serving() as rig:
        slow, quick = await rig.look(), await rig.look()
        for value in range(8):
            rig.source.show("overlay", jpeg(value))
            assert await next_picture(quick) == b"\x01" + jpeg(value)
            await quick.send_str("got")
        for _ in range(IN_FLIGHT):
            await next_picture(slow)
        rig.source.tell("status", level=1, message="the end")
        assert (await next_fact(slow, "status"))["message"] == "the end"
        # As soon as it has shown one it gets the newest, and none of those in between.
        await slow.send_str("got")
        assert await next_picture(slow) == b"\x01" + jpeg(7)


@on_a_loop
async def test_a_browser_that_reads_nothing_at_all_holds_up_nobody() -> None:
    picture = jpeg(0) + bytes(4 << 20)  # more than the sockets between them hold
    async with serving() as rig:
        port = int(rig.origin.split(":")[-1])
        stuck = await asyncio.get_running_loop().run_in_executor(None, _upgraded, port)
        quick = await rig.look()
        for _ in range(4):
            rig.source.show("input", picture)
            assert len(await next_picture(quick)) == len(picture) + 1
            await quick.send_str("got")
    stuck.close()


def _upgraded(port: int) -> sockets.socket:
    """A WebSocket that looks and then never reads."""
    stuck = sockets.create_connection(("127.0.0.1", port))
    stuck.sendall(
        f"GET /live HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    assert stuck.recv(12) == b"HTTP/1.1 101"
    stuck.sendall(b"\x81\x84\0\0\0\0look")
    return stuck


@pytest.mark.parametrize("said", ["shutdown", "", "x" * 1000])
@on_a_loop
async def test_a_browser_that_says_something_else_is_let_go(said: str) -> None:
    async with serving() as rig:
        browser = await rig.look()
        await browser.send_str(said)
        while (await browser.receive(PATIENCE_S)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert browser.close_code in {1008, 1009}
        await until(lambda: rig.source.looks == [True, False])


@on_a_loop
async def test_what_was_there_before_is_not_shown_to_who_looks_later() -> None:
    async with serving() as rig:
        first = await rig.look()
        rig.source.show("overlay", jpeg(1))
        await next_picture(first)
        await first.send_str("rest")
        await until(lambda: rig.source.looks == [True, False])
        rig.source.show("overlay", jpeg(2))
        await first.send_str("look")
        await until(lambda: rig.source.looks == [True, False, True])
        rig.source.show("overlay", jpeg(3))
        assert await next_picture(first) == b"\x01" + jpeg(3)


@on_a_loop
async def test_more_browsers_than_it_serves_are_told_so() -> None:
    async with serving() as rig:
        kept = [await rig.connect() for _ in range(16)]
        assert await refusal(rig.connect()) == 503
        await kept[0].close()
        again = await rig.connect()
        assert (await next_fact(again, "about"))["kind"] == "about"


@on_a_loop
async def test_at_the_end_browsers_are_told_and_the_source_is_closed() -> None:
    async with serving() as rig:
        source, browser = rig.source, await rig.look()
        rig.stop.set()
        while (await browser.receive(PATIENCE_S)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert browser.close_code == 1001
        await until(lambda: source.closed)
    assert source.closed == 1
    assert source.looks == [True, False]
    source.tell("status", level=0)  # spoken into the void


@on_a_loop
async def test_a_port_that_is_taken_is_one_sentence() -> None:
    async with serving() as rig:
        port = int(rig.origin.split(":")[-1])
        with pytest.raises(TransportError, match=f"port {port}.*fix: give another"):
            async with serving(port=port):
                pass


@on_a_loop
async def test_it_listens_on_this_machine_alone_unless_asked() -> None:
    async with serving() as rig:
        assert rig.address.startswith("http://127.0.0.1:")
    async with serving(host="::1") as rig, rig.get("/") as answer:
        assert answer.status == 200
