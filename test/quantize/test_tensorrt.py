"""TensorRT for RTX itself, whose parser and builder need no GPU, on what the room writes."""

from __future__ import annotations

import pytest

from segmentation_node.quantize.calibrate import Method
from segmentation_node.quantize.request import Request
from segmentation_node.quantize.run import quantize

trt = pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed")

SHAPE = (1, 3, 64, 96)


def plan(path):
    """Build a strongly typed engine for an architecture that need not be here."""
    builder = trt.Builder(trt.Logger(trt.Logger.ERROR))
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, trt.Logger(trt.Logger.ERROR))
    parsed = parser.parse(path.read_bytes())
    assert parsed, [parser.get_error(index).desc() for index in range(parser.num_errors)]
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(trt.ComputeCapability.SM86, 0)
    profile = builder.create_optimization_profile()
    profile.set_shape("image", SHAPE, SHAPE, SHAPE)
    config.add_optimization_profile(profile)
    return builder.build_serialized_network(network, config)


@pytest.mark.parametrize(
    "options",
    [
        {"precision": "int8"},
        {"precision": "int8", "rest": "fp16"},
        {"precision": "int8-weights"},
        {"precision": "fp16"},
    ],
    ids=lambda options: "-".join(options.values()),
)
def test_every_precision_is_parsed_and_built(model_path, photos, tmp_path, options):
    out = tmp_path / "q.onnx"
    request = Request(
        model_path, out, images=(photos,), method=Method("minmax"), force=True, **options
    )
    quantize(request, lambda *step: None, lambda line: None)
    assert plan(out) is not None
