"""The page's server in this process, and clients that say what browsers say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import wraps
from typing import Any

import aiohttp
import cv2
import numpy as np

from segmentation_node.view.server import ViewServer
from segmentation_node.view.settings import ViewSettings
from segmentation_node.view.source import Audience

PATIENCE_S = 60.0


def jpeg(value: int = 0, height: int = 24, width: int = 32) -> bytes:
    image = np.full((height, width, 3), value, np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs a test that is a coroutine."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


class FakeSource:
    """Shows what the test tells it to."""

    def __init__(self) -> None:
        self.looks: list[bool] = []
        self.closed = 0
        self.audience: Audience | None = None

    def start(self, audience: Audience) -> None:
        self.audience = audience
        audience.tell("about", {"node": "/segmentation_node", "camera": ""})

    def look(self, is_watched: bool) -> None:
        self.looks.append(is_watched)

    def close(self) -> None:
        self.closed += 1

    def show(self, stream: str, picture: bytes) -> None:
        assert self.audience is not None
        self.audience.show(stream, picture)

    def tell(self, kind: str, **fact: Any) -> None:
        assert self.audience is not None
        self.audience.tell(kind, fact)


class Rig:
    """A running server, its source, and a client session."""

    def __init__(
        self,
        source: FakeSource,
        address: str,
        session: aiohttp.ClientSession,
        stop: asyncio.Event,
    ) -> None:
        self.source, self.address, self.stop = source, address, stop
        self._session = session

    @property
    def origin(self) -> str:
        return self.address.rstrip("/")

    def get(self, path: str = "", **headers: str) -> Any:
        return self._session.get(self.origin + "/" + path.lstrip("/"), headers=headers)

    def post(self, path: str) -> Any:
        return self._session.post(self.origin + path)

    async def look(self) -> aiohttp.ClientWebSocketResponse:
        """A browser that looks."""
        socket = await self.connect()
        await socket.send_str("look")
        await until(lambda: self.source.looks[-1:] == [True])
        return socket

    async def connect(self, origin: str | None = "", **headers: str) -> Any:
        own = self.origin if origin == "" else origin
        return await self._session.ws_connect(
            self.origin + "/live", origin=own, headers=headers, max_msg_size=0
        )


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Rig]:
    """A server at a free port for the length of a block."""
    source, stop = FakeSource(), asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    chosen = replace(ViewSettings(port=0), **settings)
    task = asyncio.create_task(ViewServer(chosen, source).run(stop, ready.set_result))
    await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_S)
    if task.done():
        task.result()
    try:
        async with aiohttp.ClientSession() as session:
            yield Rig(source, ready.result(), session, stop)
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that can only be asked."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {PATIENCE_S} s still waiting")
        await asyncio.sleep(0.005)


async def next_picture(socket: aiohttp.ClientWebSocketResponse) -> bytes:
    """The next picture, with the byte before it; facts are passed over."""
    while True:
        message = await socket.receive(PATIENCE_S)
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        assert message.type is aiohttp.WSMsgType.TEXT, message


async def next_fact(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next fact of a kind; everything else is passed over."""
    while True:
        message = await socket.receive(PATIENCE_S)
        assert message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}, message
        if message.type is aiohttp.WSMsgType.TEXT and message.json()["kind"] == kind:
            return dict(message.json())
