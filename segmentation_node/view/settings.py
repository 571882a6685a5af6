"""What the page shows, and to whom."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from segmentation_node.errors import ConfigError

_NODE = re.compile(r"(/[A-Za-z_][A-Za-z0-9_]*)+")
_CAMERA = re.compile(r"|[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class ViewSettings:
    """One page.

    Args:
        node: Full name of the node that is shown, such as `/segmentation_node`.
        camera: Which of the node's cameras; empty where it has only one.
        host: Address to listen at. Everybody who reaches it sees the camera's pictures.
        port: Port to listen at, 0 for any that is free.
        names: Host names by which browsers may call this machine, besides addresses.
        rate_hz: Most pictures per second of each stream.
        quality: JPEG quality of the pictures made here, 1 to 100.
        compressed: Whether to take the compressed overlay, which costs the node's machine more
            time and the network less.

    Raises:
        ConfigError: A value is out of range.
    """

    node: str = "/segmentation_node"
    camera: str = ""
    host: str = "127.0.0.1"
    port: int = 8470
    names: tuple[str, ...] = ()
    rate_hz: float = 15.0
    quality: int = 80
    compressed: bool = False

    def __post_init__(self) -> None:
        _check(
            bool(_NODE.fullmatch(self.node)),
            f"the node {self.node!r}",
            "a full name such as /segmentation_node",
        )
        is_name = _CAMERA.fullmatch(self.camera) is not None
        _check(is_name, f"the camera {self.camera!r}", "a name such as front")
        _check(0 <= self.port <= 65535, f"port {self.port}", "0 to 65535")
        _check(0.1 <= self.rate_hz <= 120, f"{self.rate_hz} pictures per second", "0.1 to 120")
        _check(1 <= self.quality <= 100, f"JPEG quality {self.quality}", "1 to 100")

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the page."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def topic_of(self, output: str) -> str:
        """The topic of one of the camera's outputs.

        Args:
            output: Such as `overlay`.
        """
        return "/".join(filter(None, (self.node, self.camera, output)))


def _check(is_right: bool, received: str, expected: str) -> None:
    if not is_right:
        raise ConfigError(received, expected, "give another value")
