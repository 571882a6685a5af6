"""Writes a little FCN with every structure that the placement of Q/DQ nodes must tell apart.

image ─ stem ─ Relu ─ MaxPool ┬ depthwise ─ Clip ─ project ─ Add ┬ down ─ up ─ Add ─ scores
                              └──────────── residual ────────────┘└── lateral ──┘
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CLASSES = 4


def little_fcn(seed: int = 0, opset: int = 17, classes: int = CLASSES) -> onnx.ModelProto:
    """A network of stride 2, from `image` (1, 3, H, W) to `logits` (1, classes, H/2, W/2)."""
    constants: list[onnx.TensorProto] = []
    random = np.random.default_rng(seed)

    def constant(name: str, array: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.asarray(array, np.float32), name))
        return name

    def layer(name, source, shape, kind="Conv", bias=True, **attributes):
        outputs = shape[0] if kind == "Conv" else shape[1] * attributes.get("group", 1)
        fan = np.prod(shape[1:]) if kind == "Conv" else shape[0] * 4
        inputs = [source, constant(f"{name}.w", random.normal(size=shape) / np.sqrt(fan))]
        if bias:
            inputs.append(constant(f"{name}.b", random.normal(size=outputs) * 0.1))
        return helper.make_node(kind, inputs, [f"{name}.out"], name=name, **attributes)

    same, half = {"pads": [1, 1, 1, 1]}, {"pads": [1, 1, 1, 1], "strides": [2, 2]}
    low, high = constant("low", 0), constant("high", 6)
    nodes = [
        layer("stem", "image", (8, 3, 3, 3), **half),
        helper.make_node("Relu", ["stem.out"], ["relu.out"], name="relu"),
        helper.make_node(
            "MaxPool", ["relu.out"], ["pool.out"], name="pool", kernel_shape=[2, 2], strides=[2, 2]
        ),
        layer("depthwise", "pool.out", (8, 1, 3, 3), group=8, **same),
        helper.make_node("Clip", ["depthwise.out", low, high], ["clip.out"], name="clip"),
        layer("project", "clip.out", (8, 8, 1, 1)),
        helper.make_node("Add", ["pool.out", "project.out"], ["residual.out"], name="residual"),
        layer("down", "residual.out", (8, 8, 3, 3), **half),
        layer("up", "down.out", (8, 6, 4, 4), "ConvTranspose", bias=False, **half),
        layer("lateral", "residual.out", (6, 8, 1, 1)),
        helper.make_node("Add", ["up.out", "lateral.out"], ["skip.out"], name="skip"),
        layer("scores", "skip.out", (6, classes, 4, 4), "ConvTranspose", **half),
    ]
    nodes[-1].output[0] = "logits"
    graph = helper.make_graph(
        nodes,
        "little",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, classes, "h2", "w2"])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
