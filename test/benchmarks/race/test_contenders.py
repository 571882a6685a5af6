"""How the contenders are started."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.race.contenders import CONTENDERS, OURS, RACERS, Computation
from benchmarks.race.plan import Plan
from benchmarks.race.run import _present

COMPUTATION = Computation("small.onnx", "64x96", "openvino", "bf16", 20.0)


def test_our_node_gets_what_is_computed_as_parameters() -> None:
    words = CONTENDERS[OURS].words(COMPUTATION, True)
    given = {word for word in words if ":=" in word}
    assert {'model:="small.onnx"', 'network_size:="64x96"', 'precision:="bf16"'} <= given
    assert {'engine:="openvino"', 'qos:="reliable"', "target_rate_hz:=20.0"} <= given
    assert 'qos:="sensor_data"' in CONTENDERS[OURS].words(COMPUTATION, False)


def test_the_naive_node_gets_our_engine_and_precision_where_it_is_to() -> None:
    words = CONTENDERS["naive_engine"].words(COMPUTATION, False)
    assert words[:4] == ["--model", "small.onnx", "--network-size", "64x96"]
    assert words[4:] == ["--network", "engine", "--engine", "openvino", "--precision", "bf16"]
    assert "--precision" not in CONTENDERS["naive"].words(COMPUTATION, False)


def test_the_models_own_size_is_left_to_the_model() -> None:
    words = CONTENDERS["naive"].words(replace(COMPUTATION, network_size="default"), True)
    assert words == ["--model", "small.onnx", "--network", "onnxruntime", "--reliable"]


def test_references_are_not_raced_against() -> None:
    assert set(CONTENDERS) - set(RACERS) == {"echo", "alone"}


def test_who_cannot_run_here_is_left_out_and_it_is_told(monkeypatch) -> None:
    lacking = replace(CONTENDERS["naive_torch"], packages=("no_such_package",))
    monkeypatch.setitem(CONTENDERS, "naive_torch", lacking)
    told: list[str] = []
    plan, left_out = _present(Plan(names=("ours", "naive_torch")), told.append)
    assert plan.names == ("ours",)
    assert left_out == {"naive_torch": "not installed: no_such_package"}
    assert told == ["naive, PyTorch is left out: not installed: no_such_package"]
