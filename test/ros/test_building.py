"""The node builds an engine while it is configured: what is told meanwhile, and how it is ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dds import Observer, claimed_domain, wait_until
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_rig import Rig, running_node, values_of

pytestmark = pytest.mark.dds

TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


@contextmanager
def building(
    domain_id: int, observer: Observer, cache: Path, kind: str = "whole", **parameters: object
) -> Iterator[Rig]:
    program = str(Path(__file__).with_name("building_node.py"))
    words = (program, str(cache), kind)
    yield from running_node(domain_id, observer, *words, **parameters)


@pytest.fixture(autouse=True)
def stand_ins_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTS), prepend=":")


def is_building(message: DiagnosticArray) -> bool:
    return values_of(message).get("engine_build_percent", "0") not in {"", "0"}


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def test_diagnostics_go_on_while_an_engine_is_built(
    domain_id: int, observer: Observer, cache: Path
) -> None:
    with building(domain_id, observer, cache) as rig:
        told = rig.diagnostics.wait_for(is_building, "a build under way")
        status, values = told.status[0], values_of(told)
        assert status.level == DiagnosticStatus.WARN
        assert status.message.startswith("building the engine: ")
        assert values["state"] == "configuring"
        assert values["engine_build"] == "fcn4s-lite0-rendered fp32 64x96"
        assert values["engine_build_reason"] == "no engine of this kind in the cache"
        assert values["engine_build_phase"] == "timing kernels"
        (cache / "release").touch()
        rig.program.wait_for_line("active: ")
        rig.value_becomes("state", "active")
        assert rig.value("engine_origin").startswith("built in ")
        assert not rig.value("engine_build")
        assert rig.program.stop() == 0
    assert [name for name in left_in(cache) if name.endswith((".plan", ".json"))]
    with building(domain_id, observer, cache) as rig:
        rig.program.wait_for_line("active: ")
        wait_until(lambda: "from the cache" in rig.value("engine_origin"), "its origin")


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_build_and_the_node_and_leaves_nothing(
    with_signal: signal.Signals, domain_id: int, observer: Observer, cache: Path
) -> None:
    with building(domain_id, observer, cache) as rig:
        rig.diagnostics.wait_for(is_building, "a build under way")
        assert rig.program.stop(with_signal) == 0, rig.program.output
        assert rig.program.matching("stopped before it could configure")
        for fault in ("Traceback", "ERROR", "terminate", "Exception"):
            assert fault not in rig.program.output
    assert left_in(cache) == []


def test_a_node_killed_during_a_build_leaves_no_engine_and_locks_nobody_out(
    domain_id: int, observer: Observer, cache: Path
) -> None:
    with building(domain_id, observer, cache) as rig:
        rig.diagnostics.wait_for(is_building, "a build under way")
        assert rig.program.stop(signal.SIGKILL) == -signal.SIGKILL
    assert not [name for name in left_in(cache) if name.endswith((".plan", ".json"))]
    (cache / "release").touch()
    with building(domain_id, observer, cache) as rig:
        rig.program.wait_for_line("active: ")
        wait_until(lambda: rig.value("engine_origin").startswith("built in "), "its origin")
    suffixes = {Path(name).suffix for name in left_in(cache)}
    assert suffixes >= {".plan", ".json"}
    assert ".lock" not in suffixes


def test_two_nodes_on_one_cache_build_once(domain_id: int, observer: Observer, cache: Path) -> None:
    with (
        building(domain_id, observer, cache) as first,
        claimed_domain() as elsewhere,
        Observer(elsewhere) as other,
    ):
        first.diagnostics.wait_for(is_building, "a build under way")
        with building(elsewhere, other, cache) as second:
            waits = f"waiting for process {first.program.pid}"
            second.diagnostics.wait_for(lambda one: waits in one.status[0].message, waits)
            (cache / "release").touch()
            wait_until(lambda: first.value("engine_origin").startswith("built in "), "an engine")
            wait_until(lambda: "from the cache" in second.value("engine_origin"), "the same one")
    assert len([name for name in left_in(cache) if name.endswith(".plan")]) == 1


def test_an_engine_that_does_not_load_is_a_refusal_that_can_be_tried_again(
    domain_id: int, observer: Observer, cache: Path
) -> None:
    (cache / "release").touch()
    with building(domain_id, observer, cache, "refused") as rig:
        rig.program.wait_for_line("cannot configure: .*a plan that TensorRT 10.3.0 cannot load")
        wait_until(lambda: rig.state == "unconfigured", "the state before")
        assert not rig.change_state(Transition.TRANSITION_CONFIGURE)
        assert rig.program.stop() == 0
    assert not list(cache.glob("*.plan"))


def test_a_later_change_of_the_network_gives_up_the_engine_that_is_built_for_an_earlier_one(
    domain_id: int, observer: Observer, cache: Path
) -> None:
    (cache / "release").touch()
    with building(domain_id, observer, cache) as rig:
        rig.program.wait_for_line("active: ")
        (cache / "release").unlink()
        assert not rig.set_parameter("network_size", "96x96")
        wait_until(lambda: rig.value("engine_build").endswith(" 96x96"), "the first build")
        # The stand-in would take a hundred seconds for it: nothing releases it.
        assert not rig.set_parameter("network_size", "32x64")
        wait_until(lambda: rig.value("engine_build").endswith(" 32x64"), "the second build")
        (cache / "release").touch()
        rig.value_becomes("network_size", "32x64")
        rig.value_becomes("network_change", "none")
        for fault in ("Traceback", "ERROR"):
            assert fault not in rig.program.output
        assert rig.program.stop() == 0
    assert len(list(cache.glob("*.plan"))) == 2


def test_the_gpus_health_stands_in_the_diagnostics_where_it_is_told(
    domain_id: int, observer: Observer, cache: Path
) -> None:
    (cache / "release").touch()
    with building(domain_id, observer, cache) as rig:
        rig.program.wait_for_line("active: ")
        told = rig.diagnostics.wait_for(lambda one: len(one.status) == 3, "a third status")
        health = told.status[-1]
        assert health.name == "segmentation_node: gpu health"
        assert health.level == DiagnosticStatus.WARN
        assert health.message == "the GPU is throttled: power brake"
        assert [(one.key, one.value) for one in health.values] == [("gpu_temperature_c", "61.0")]
