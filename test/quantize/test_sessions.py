from __future__ import annotations

import onnxruntime
import pytest

from segmentation_node.errors import EngineError
from segmentation_node.quantize.sessions import open_session


def test_a_network_is_loaded_on_the_processor(fcn):
    session = open_session(fcn.SerializeToString(), onnxruntime.SessionOptions(), "fcn.onnx")
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_inputs()[0].name == fcn.graph.input[0].name


@pytest.mark.parametrize("damage", [lambda _: b"no network", lambda whole: whole[:100]])
def test_what_the_runtime_cannot_load_is_named_in_one_line(fcn, damage):
    damaged = damage(fcn.SerializeToString())
    with pytest.raises(EngineError, match=r"fcn\.onnx, which ONNX Runtime cannot load") as raised:
        open_session(damaged, onnxruntime.SessionOptions(), "fcn.onnx")
    assert "\n" not in str(raised.value)
