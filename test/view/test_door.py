"""Clients that are slow, silent, greedy or many, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import MagicMock

import pytest

aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from view_rig import PATIENCE_S, Rig, next_fact, on_a_loop, serving, until  # noqa: E402

from segmentation_node.view import door  # noqa: E402

REQUEST = b"GET /view.css HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Visitor:
    """A client that says what it likes, and when."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, words: bytes) -> None:
        self._writer.write(words)

    async def hear(self, count: int = -1) -> bytes:
        """What comes until the server closes, or the first bytes of it."""
        return await asyncio.wait_for(self._hear(count), PATIENCE_S)

    async def drip(self, words: bytes) -> bytes:
        """What comes until the server closes, while a byte is said now and then."""
        dripping = asyncio.create_task(self._drip(words))
        try:
            return await self.hear()
        finally:
            dripping.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await dripping

    def close(self) -> None:
        self._writer.close()

    async def _hear(self, count: int) -> bytes:
        heard = b""
        # Piece by piece: where a connection is reset, the reader forgets what it has gathered.
        with contextlib.suppress(ConnectionError):
            while piece := await self._reader.read(4096 if count < 0 else count - len(heard)):
                heard += piece
        return heard

    async def _drip(self, words: bytes) -> None:
        for byte in words:
            self._writer.write(bytes([byte]))
            await asyncio.sleep(0.02)


@asynccontextmanager
async def visiting(rig: Rig, count: int = 1) -> AsyncIterator[list[Visitor]]:
    port = int(rig.origin.split(":")[-1])
    visitors = [Visitor(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(count)]
    try:
        yield visitors
    finally:
        for visitor in visitors:
            visitor.close()


@asynccontextmanager
async def all_taken(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Rig, list[Visitor]]]:
    """A server of so many connections at most, and the visitors that have them all."""
    monkeypatch.setattr(door, "MOST_CONNECTIONS", count)
    async with serving() as rig, visiting(rig, count) as kept:
        # They are in once the server says so: connections are made before they are taken.
        for visitor in kept:
            visitor.say(REQUEST)
            assert await visitor.hear(15) == b"HTTP/1.1 200 OK"
        yield rig, kept


async def patiently(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What a client gets that asks again where this process stood still for all of its time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(aiohttp.ClientError):
            return await ask()
    return await ask()


async def is_served(rig: Rig) -> bool:
    async def ask() -> int:
        async with rig.get("/view.css") as answer:
            return int(answer.status)

    return bool(await patiently(ask) == 200)


@on_a_loop
async def test_whoever_sends_headers_drop_by_drop_is_let_go_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "FIRST_REQUEST_S", 0.2)
    # As older releases of aiohttp have it, which do not count the time before a first request.
    monkeypatch.setitem(door.LIMITS, "keepalive_timeout", 3600.0)
    async with serving() as rig, visiting(rig, 2) as (slow, silent):
        slowly = asyncio.create_task(slow.drip(b"GET / HTTP/1.1\r\nX: " + b"x" * 10_000))
        assert await is_served(rig)
        assert await slowly == b""
        assert await silent.hear() == b""


@on_a_loop
async def test_whoever_does_so_after_a_first_request_is_let_go_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(door.LIMITS, "keepalive_timeout", 0.2)
    async with serving() as rig, visiting(rig) as [slow]:
        slow.say(REQUEST)
        assert (await slow.hear(15)) == b"HTTP/1.1 200 OK"
        rest = await slow.drip(b"GET / HTTP/1.1\r\nX: " + b"x" * 10_000)
        assert b"HTTP/1.1" not in rest


@on_a_loop
async def test_a_browser_that_is_served_may_be_silent_for_as_long_as_it_likes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "FIRST_REQUEST_S", 0.05)
    monkeypatch.setitem(door.LIMITS, "keepalive_timeout", 0.05)
    async with serving() as rig:
        browser = await patiently(rig.connect)
        async with visiting(rig) as [silent]:
            assert await silent.hear() == b""  # which had as long as the browser
        rig.source.tell("status", level=0)
        assert (await next_fact(browser, "status"))["level"] == 0


@on_a_loop
async def test_a_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(door.LIMITS, "lingering_time", 0.1)
    async with serving() as rig, visiting(rig) as [slow]:
        slow.say(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
        answer = await slow.drip(b"x" * 10_000)
        assert answer.startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"<script> / HTTP/1.1\r\n\r\n",
    ],
)
@on_a_loop
async def test_what_is_no_request_is_refused_and_leaves_no_traceback(
    head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as rig, visiting(rig) as [greedy]:
        greedy.say(head)
        # aiohttp 3.8 reads any version of HTTP, and its answer is the guard's.
        assert re.search(rb" (400 Bad Request|403 Forbidden)\r\n", await greedy.hear())
        assert await is_served(rig)
    assert not caplog.records


@on_a_loop
async def test_one_connection_too_many_is_told_so_and_there_is_room_once_others_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with all_taken(3, monkeypatch) as (rig, kept):
        async with rig.get("/") as answer:
            assert answer.status == 503
            assert "connections are open already" in await answer.text()
        kept[0].close()
        for _ in range(1000):
            if await is_served(rig):
                break
        else:
            pytest.fail("no room although one has gone")


@on_a_loop
async def test_a_crowd_that_was_turned_away_and_stays_is_not_even_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with all_taken(2, monkeypatch) as (rig, _), visiting(rig, 3) as turned_away:
        said = [await visitor.hear(12) for visitor in turned_away]
        assert said == [b"HTTP/1.1 503", b"HTTP/1.1 503", b""]


@on_a_loop
async def test_of_a_burst_of_handshakes_as_many_are_served_as_ever() -> None:
    async with serving() as rig:
        answers = await asyncio.gather(*(rig.connect() for _ in range(40)), return_exceptions=True)
        refused = [one for one in answers if isinstance(one, aiohttp.WSServerHandshakeError)]
        assert [one.status for one in refused] == [503] * 24
        served = [one for one in answers if not isinstance(one, BaseException)]
        assert len(served) == 16
        for browser in served:
            assert (await next_fact(browser, "about"))["camera"] == ""


class Waiting:
    """Stands for the protocol of one connection, and for its transport."""

    def __init__(self) -> None:
        self.transport: object = self
        self.was_aborted = False

    def connection_made(self, _: object) -> None:
        pass

    def set_protocol(self, _: object) -> None:
        pass

    def abort(self) -> None:
        self.was_aborted = True


@on_a_loop
async def test_those_that_went_without_a_word_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "FIRST_REQUEST_S", 0.01)
    server, gone, silent = MagicMock(connections=[]), Waiting(), Waiting()
    server.side_effect = [gone, silent]
    entrance = door.Door(server)
    entrance.admit(gone)  # type: ignore[arg-type]
    gone.transport = None
    entrance.admit(silent)  # type: ignore[arg-type]
    await until(lambda: silent.was_aborted)
    assert not gone.was_aborted
