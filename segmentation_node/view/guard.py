"""Which requests are answered, and what browsers may do with the answers.

The page has no password: what keeps strangers out is that it listens on this machine alone. Two
ways around that lead through the user's own browser, and are closed here:

- A page of a stranger makes its own name point to this machine (DNS rebinding). The `Host` header
  then carries that name, and only names and addresses of this machine are answered.
- A page of a stranger opens our WebSocket, which browsers allow to any page. The `Origin` header
  then names that page, and only the page served here may open it.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from segmentation_node.view.settings import ViewSettings

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "segmentation view",
}
"""Sent with every answer to a request that can be read.

Nothing from elsewhere is loaded, and nobody frames or keeps the page.
"""


class Guard:
    """Judges requests by their `Host` and `Origin` headers.

    Args:
        settings: Where the server listens, and what this machine is called.
    """

    def __init__(self, settings: ViewSettings) -> None:
        self._is_local = settings.is_local
        own = () if self._is_local else (socket.gethostname(), f"{socket.gethostname()}.local")
        self._names = {name.lower() for name in ("localhost", *own, *settings.names)}

    def refusal(self, host: str, origin: str | None, *, must_have_origin: bool) -> str:
        """Why a request is not answered; empty where it is.

        Args:
            host: Its `Host` header.
            origin: Its `Origin` header, or None.
            must_have_origin: Whether browsers send an `Origin` with requests of this kind.
        """
        if not self._is_ours(host):
            return f"this page is not known as {host!r}; --allow-name lets it be called so"
        if origin is None:
            return "a WebSocket is opened by the page alone" if must_have_origin else ""
        is_own = origin.lower() in {f"http://{host.lower()}", f"https://{host.lower()}"}
        return "" if is_own else f"a page of {origin!r} may not use this one"

    def _is_ours(self, host: str) -> bool:
        """Whether a host, with or without a port, is this machine.

        The port does not matter: behind a tunnel the browser's is another one.
        """
        if any(sign in host for sign in "@/?#\\ "):
            return False
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        try:
            # Nobody can make an address point elsewhere: it is no name.
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return address.is_loopback or not self._is_local
