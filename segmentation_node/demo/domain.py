"""A ROS domain that nobody on this machine uses, so that the demo meets no other robot."""

from __future__ import annotations

import random
import socket

# Above 101 the ports of a domain reach into those that Linux hands out to anybody. Low numbers are
# those that people choose, and their programs may not be up yet when this one looks.
_DOMAINS = range(51, 102)


def free_domain() -> int:
    """Return the id of a domain in which no process of this machine takes part."""
    for domain_id in random.sample(_DOMAINS, len(_DOMAINS)):
        if _is_free(_first_port(domain_id)):
            return domain_id
    return 0  # every domain is in use: then the default one is no worse than another


def _first_port(domain_id: int) -> int:
    """The port that the first participant of a domain takes (RTPS 2.2, section 9.6.1.1)."""
    return 7400 + 250 * domain_id + 10


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
