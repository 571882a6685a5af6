"""The helpers for DDS tests keep their own promises."""

from __future__ import annotations

import signal

import pytest
from dds import Observer, Program, claimed_domain, parameter_arguments

TALKER = """
import sys, time
print("ready", *sys.argv[1:])
while True:
    time.sleep(0.1)
"""


def test_two_claims_never_get_the_same_domain() -> None:
    with claimed_domain() as first, claimed_domain() as second:
        assert first != second


def test_parameters_become_yaml_that_keeps_their_type() -> None:
    arguments = parameter_arguments({"autostart": False, "queue_size": 3, "model": "camvid"})
    assert arguments == ["-p", "autostart:=false", "-p", "queue_size:=3", "-p", "model:='camvid'"]


def test_a_program_is_watched_line_by_line_and_stopped_by_signal() -> None:
    with Program("-c", TALKER, domain_id=1, parameters={"mode": "every"}) as program:
        assert program.wait_for_line("ready").endswith("--ros-args -p mode:='every'")
        assert program.stop(signal.SIGTERM) == -signal.SIGTERM


def test_waiting_for_a_line_ends_when_the_program_does() -> None:
    with (
        Program("-c", "print('only this')", domain_id=1) as program,
        pytest.raises(TimeoutError, match="only this"),
    ):
        program.wait_for_line("something else")


@pytest.mark.dds
def test_two_observers_of_one_domain_hear_each_other(domain_id: int) -> None:
    from std_msgs.msg import String  # noqa: PLC0415

    with Observer(domain_id, "listener") as listener, Observer(domain_id, "talker") as talker:
        publisher = talker.node.create_publisher(String, "chatter", 10)
        heard = listener.collect(String, "chatter")
        while not len(heard):
            publisher.publish(String(data="hello"))
            try:
                heard.wait(1, timeout_s=0.2)
            except TimeoutError:
                continue
        assert heard[0].data == "hello"
