from __future__ import annotations

import importlib.util
import signal
from urllib.request import urlopen

import pytest
from dds import Program
from typer.testing import CliRunner

from segmentation_node.cli.app import app
from segmentation_node.ros.viewer import parse


def view(*words: str):
    return CliRunner().invoke(app, ["view", *words])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["not a node"], "the node '/not a node'"),
        (["--port", "70000"], "port 70000"),
        (["--rate", "0"], "0.0 pictures per second"),
        (["--host", "192.0.2.1", "--port", "0"], "192.0.2.1, port 0"),
    ],
)
@pytest.mark.dds
def test_what_cannot_be_shown_is_one_line(domain_id: int, options: list[str], said: str) -> None:
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")
    done = view(*options)
    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if line.startswith("error:")]
    assert said in line
    assert "Traceback" not in done.output


def test_a_missing_library_is_named_with_the_way_to_get_it(monkeypatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "aiohttp" else found(name)
    )
    done = view()
    assert done.exit_code == 1
    assert "pip install aiohttp" in str(done.exception)


def test_a_node_may_be_named_without_its_slash() -> None:
    settings, has_reader = parse(["--node", "seg", "--names", "robot.lan", "robot"])
    assert (settings.node, settings.names, has_reader) == ("/seg", ("robot.lan", "robot"), False)


@pytest.mark.dds
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_to_look_and_ends_with_its_other_process(
    domain_id: int, number: signal.Signals
) -> None:
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")
    command = ("-m", "segmentation_node.cli.app", "view", "--port", "0", "--host", "0.0.0.0")
    with Program(*command, domain_id=domain_id) as program:
        port = int(program.wait_for_line("look at http://0.0.0.0:").split(":")[2].split("/")[0])
        program.wait_for_line("there is no password")
        with urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            assert answer.status == 200
        assert program.stop(number) == 0
        assert "Traceback" not in program.output
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/", timeout=20)
