"""The door of the server: how many come in at once, and for how long one may stand there silent.

aiohttp limits neither. It takes every connection that the process has a file descriptor for, and
before 3.14.5, which few ROS machines have, it waits for ever for a first request
(https://github.com/aio-libs/aiohttp/pull/13681). What it limits itself is set in `LIMITS`.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, cast

from aiohttp import web

MOST_CONNECTIONS = 64
"""Open at once: browsers open six to a host at most, and keep a WebSocket of ours each."""

FIRST_REQUEST_S = 10.0
"""Seconds from connecting to the end of the first request's headers."""

LIMITS: dict[str, Any] = {
    # Also ends a later request whose headers take longer than that.
    "keepalive_timeout": 10.0,
    # Nothing reads a body: this is how long one is passed over before the connection is closed.
    "lingering_time": 2.0,
}
"""What aiohttp limits itself, as its `AppRunner` takes it. Headers it caps by default, at 8 KiB."""

_FAREWELL_S = 2.0
_FULL = f"503: {MOST_CONNECTIONS} connections are open already\n"
_REFUSAL = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    f"Content-Length: {len(_FULL)}\r\nRetry-After: 5\r\nConnection: close\r\n\r\n{_FULL}"
).encode()


class Door:
    """Makes the protocol of each connection: that of the server, as long as there is room.

    Args:
        server: Takes what comes in.
    """

    def __init__(self, server: web.Server) -> None:
        self._server = server
        self._silent: dict[web.RequestHandler, asyncio.TimerHandle] = {}
        self._turned_away: set[asyncio.Transport] = set()

    def __call__(self) -> asyncio.Protocol:
        """A protocol for a connection that is about to be made."""
        return _Threshold(self)

    def heard(self, protocol: web.RequestHandler) -> None:
        """Take note of a request.

        Args:
            protocol: Of the connection that it came over.
        """
        timer = self._silent.pop(protocol, None)
        if timer is not None:
            timer.cancel()

    def admit(self, transport: asyncio.Transport) -> None:
        """Let a connection in, or turn it away."""
        if len(self._server.connections) >= MOST_CONNECTIONS:
            self._turn_away(transport)
            return
        for gone in [one for one in self._silent if one.transport is None]:
            self.heard(gone)
        protocol = self._server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._silent[protocol] = asyncio.get_running_loop().call_later(
            FIRST_REQUEST_S, self._give_up, protocol, transport
        )

    def forget(self, transport: asyncio.Transport) -> None:
        """Take note that one that was turned away has gone."""
        self._turned_away.discard(transport)

    def _give_up(self, protocol: web.RequestHandler, transport: asyncio.Transport) -> None:
        del self._silent[protocol]
        transport.abort()

    def _turn_away(self, transport: asyncio.Transport) -> None:
        # A farewell costs a connection as well.
        if len(self._turned_away) >= MOST_CONNECTIONS:
            transport.abort()
            return
        self._turned_away.add(transport)
        transport.write(_REFUSAL)
        # Closed at once, with a request of theirs unread, it would never arrive.
        with contextlib.suppress(OSError):  # they may be gone already
            transport.write_eof()
        asyncio.get_running_loop().call_later(_FAREWELL_S, transport.abort)


class _Threshold(asyncio.Protocol):
    """Stands for a connection until it is let in; what those say that are not is passed over."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._door.admit(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._door.forget(self._transport)
