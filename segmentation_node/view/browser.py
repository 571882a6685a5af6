"""One browser: it gets what is new, as fast as it says that it has shown what it got."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import WSCloseCode, WSMsgType, web

from segmentation_node.view.hub import Hub

IN_FLIGHT = 2
"""Pictures on the way to a browser that it has not confirmed: one is shown while one travels."""


class Browser:
    """Serves one WebSocket until it closes.

    The browser says `look` and `rest`, and `got` for each picture that it has shown. One that is
    slow confirms late, and misses what came in between; nothing waits for it but its own task.

    Args:
        socket: The WebSocket, open.
        hub: What is shown.
    """

    def __init__(self, socket: web.WebSocketResponse, hub: Hub) -> None:
        self._socket, self._hub = socket, hub
        self._news = asyncio.Event()
        self._sent: dict[str, int] = {}
        self._in_flight = 0
        self.is_looking = False

    def wake(self) -> None:
        """Say that there is something new."""
        self._news.set()

    async def serve(self) -> None:
        """Talk until either side closes."""
        self._hub.add(self)
        sender = asyncio.create_task(self._send_news())
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT or not self._hear(message.data):
                    await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
        finally:
            self._hub.remove(self)
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender

    def _hear(self, word: str) -> bool:
        """Do what the browser says; tell whether it is a word that we know."""
        if word == "got":
            self._in_flight = max(0, self._in_flight - 1)
        elif word in {"look", "rest"}:
            self.is_looking = word == "look"
            self._hub.count_looks()
        else:
            return False
        self.wake()
        return True

    async def _send_news(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            for kind in list(self._hub.facts):
                await self._send_fact(kind)
            for stream in list(self._hub.pictures):
                await self._send_picture(stream)

    async def _send_fact(self, kind: str) -> None:
        number, message = self._hub.facts[kind]
        if number > self._sent.get(kind, 0):
            self._sent[kind] = number
            await self._socket.send_str(message)

    async def _send_picture(self, stream: str) -> None:
        # It may be gone by now: nobody may be looking any more.
        number, message = self._hub.pictures.get(stream, (0, b""))
        if self.is_looking and self._in_flight < IN_FLIGHT and number > self._sent.get(stream, 0):
            self._sent[stream] = number
            self._in_flight += 1
            await self._socket.send_bytes(message)
