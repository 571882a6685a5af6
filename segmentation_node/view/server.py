"""The server: three files, an icon and one WebSocket, to whom the guard lets in."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

from aiohttp import WSCloseCode, http_exceptions, web

from segmentation_node.errors import TransportError
from segmentation_node.view.browser import Browser
from segmentation_node.view.door import LIMITS, Door
from segmentation_node.view.guard import HEADERS, Guard
from segmentation_node.view.hub import Hub
from segmentation_node.view.settings import ViewSettings
from segmentation_node.view.source import Source

PAGE = Path(__file__).parent / "page"
FILES = {
    "/": ("index.html", "text/html"),
    "/view.css": ("view.css", "text/css"),
    "/view.js": ("view.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
SOCKET = "/live"

_MOST_BROWSERS = 16
_LARGEST_WORD = 64  # bytes; what browsers say is shorter
_HEARTBEAT_S = 10.0  # a browser that does not answer within half of it is let go
_GRACE_S = 2.0

_log = logging.getLogger("segmentation_node.view")
# Anybody on the network can send what is no request: it is answered with 400, and nobody's fault.
_log.addFilter(
    lambda record: (
        not (
            record.exc_info and isinstance(record.exc_info[1], http_exceptions.HttpProcessingError)
        )
    )
)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ViewServer:
    """Shows one source to browsers.

    Args:
        settings: Where to listen.
        source: What is shown; closed at the end.
    """

    def __init__(self, settings: ViewSettings, source: Source) -> None:
        self._settings, self._source = settings, source
        self._guard = Guard(settings)
        self._hub: Hub | None = None
        self._sockets: set[web.WebSocketResponse] = set()
        self._door: Door | None = None

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Serve until asked to stop.

        Args:
            stop: Set to end.
            ready: Called with the page's address once it is there.

        Raises:
            TransportError: The address is taken, or is none of this machine.
        """
        self._hub = Hub(asyncio.get_running_loop(), self._source.look)
        runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=_log,
            **LIMITS,
        )
        await runner.setup()
        server = cast(web.Server, runner.server)
        async with AsyncExitStack() as closing:
            closing.callback(self._source.close)
            closing.push_async_callback(runner.cleanup)
            # Not left to the runner: before aiohttp 3.9 it takes no time limit.
            closing.push_async_callback(server.shutdown, _GRACE_S)
            # Before anybody can look.
            self._source.start(self._hub)
            listening = await self._listen(server)
            closing.push_async_callback(self._close_sockets)
            closing.callback(listening.close)
            ready(_address(listening))
            await stop.wait()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._let_in])
        for path, (name, content_type) in FILES.items():
            application.router.add_get(path, _file(PAGE / name, content_type))
        application.router.add_get(SOCKET, self._serve_socket)
        application.on_response_prepare.append(_add_headers)
        return application

    @web.middleware
    async def _let_in(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if self._door is not None:
            self._door.heard(request.protocol)
        refusal = self._guard.refusal(
            request.headers.get("Host", ""),
            request.headers.get("Origin"),
            must_have_origin=request.path == SOCKET,
        )
        if refusal:
            return web.Response(status=403, text=f"403: {refusal}\n")
        return await handler(request)

    async def _listen(self, server: web.Server) -> asyncio.Server:
        settings, self._door = self._settings, Door(server)
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_server(self._door, settings.host, settings.port)
        except OSError as error:
            raise TransportError(
                received=f"{settings.host}, port {settings.port} ({error.strerror or error})",
                expected="an address of this machine, and a port that is free",
                fix="give another --host or --port; port 0 takes any that is free",
            ) from error

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if self._hub is None or len(self._sockets) >= _MOST_BROWSERS:
            return web.Response(status=503, text=f"503: {_MOST_BROWSERS} browsers look already\n")
        socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_S, max_msg_size=_LARGEST_WORD, compress=False
        )
        if not socket.can_prepare(request):
            return web.Response(status=426, text="426: this is for WebSockets\n")
        # Counted from now on: others may ask while it is opened.
        self._sockets.add(socket)
        try:
            await socket.prepare(request)
            await Browser(socket, self._hub).serve()
        finally:
            self._sockets.discard(socket)
        return socket

    async def _close_sockets(self) -> None:
        """Say goodbye to every browser at once, and wait for none that does not answer."""
        goodbyes = [
            asyncio.create_task(socket.close(code=WSCloseCode.GOING_AWAY))
            for socket in list(self._sockets)
            if socket.prepared
        ]
        if goodbyes:
            await asyncio.wait(goodbyes, timeout=_GRACE_S)


def serve(settings: ViewSettings, source: Source, ready: Callable[[str], None]) -> None:
    """Show a source until Ctrl-C or SIGTERM.

    Args:
        settings: Where to listen.
        source: What is shown; closed at the end.
        ready: Called with the page's address once it is there.

    Raises:
        TransportError: The address is taken, or is none of this machine.
    """

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await ViewServer(settings, source).run(stop, ready)

    asyncio.run(run())


def _address(listening: asyncio.Server) -> str:
    host, port = listening.sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _file(path: Path, content_type: str) -> _Handler:
    content = path.read_bytes()

    async def send(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type, charset="utf-8")

    return send


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
