from __future__ import annotations

import socket

import pytest

from segmentation_node.view.guard import Guard
from segmentation_node.view.settings import ViewSettings

LOCAL = Guard(ViewSettings())
OPEN = Guard(ViewSettings(host="0.0.0.0", names=("robot.lan",)))


def lets_in(guard: Guard, host: str, origin: str | None = None, live: bool = False) -> bool:
    return not guard.refusal(host, origin, must_have_origin=live)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8470", "127.0.0.1:8470", "127.1.2.3", "[::1]:80", "localhost."]
)
def test_this_machine_is_known_by_its_own_names(host: str) -> None:
    assert lets_in(LOCAL, host)
    assert lets_in(OPEN, host)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost"),
        *("", " ", "[::1", "0x7f.1", "localhost/", "localhost:80#x", "robot.lan.evil.example"),
    ],
)
def test_strangers_names_are_refused_wherever_it_listens(host: str) -> None:
    for guard in (LOCAL, OPEN):
        assert not lets_in(guard, host)
        assert not lets_in(guard, host, f"http://{host}", live=True)


def test_on_this_machine_alone_no_other_address_is_known() -> None:
    assert not lets_in(LOCAL, "192.168.0.9:8470")
    assert not lets_in(LOCAL, "robot.lan")


@pytest.mark.parametrize("host", ["192.168.0.9:8470", "[fe80::1]:80", "Robot.lan:80"])
def test_open_to_the_network_its_addresses_and_names_are_known(host: str) -> None:
    assert lets_in(OPEN, host)
    assert lets_in(OPEN, socket.gethostname())


@pytest.mark.parametrize("origin", ["http://localhost:8470", "https://LOCALHOST:8470"])
def test_the_page_itself_may_open_the_socket(origin: str) -> None:
    assert lets_in(LOCAL, "localhost:8470", origin, live=True)


@pytest.mark.parametrize(
    "origin",
    [
        *("http://localhost", "http://localhost:8471", "http://evil.example", "null", "", None),
        *("http://localhost:8470.evil.example", "http://127.0.0.1:8470", "file://"),
    ],
)
def test_no_other_page_may(origin: str | None) -> None:
    assert not lets_in(LOCAL, "localhost:8470", origin, live=True)


def test_a_page_may_be_asked_for_without_an_origin() -> None:
    assert lets_in(LOCAL, "localhost:8470", None)
