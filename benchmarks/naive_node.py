"""The node that people write first, to race against.

    python -m benchmarks.naive_node [--network engine] [--reliable]

One callback does everything, in the order in which one thinks of it: an array of the message, a
resize, a network, the largest logit, a palette, a message of the bytes. It is written with care:
nothing is done twice, no loop runs in Python, and the labels are as good as ours.

The network can be exchanged for the same one on our engine, so that the pipeline is compared and
not the arithmetic, or on PyTorch.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Protocol

import cv2
import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import Model, load_model
from segmentation_node.transport import prepare_process

Channels = NDArray[np.uint8]

_LOOK_PERIOD_S = 0.2
"""How long Ctrl-C may wait while no image comes: Python acts on it when the wait returns."""

NETWORKS = ("onnxruntime", "engine", "torch")
"""What can compute the network."""


class Network(Protocol):
    """Finds the network's channel of every pixel."""

    facts: dict[str, str]
    """What computes it: engine, device and precision."""

    def __call__(self, image: NDArray[np.uint8]) -> Channels:
        """(H, W, 3) uint8 BGR to (H, W) uint8 channels."""


class OnnxRuntimeNetwork:
    """ONNX Runtime on the processor, with its own defaults.

    Args:
        model: The network.
        size: Size of its input.
        coarse: Whether labels are enlarged instead of logits: faster, with outlines in steps.
    """

    def __init__(self, model: Model, size: NetworkSize, coarse: bool = False) -> None:
        import onnxruntime  # noqa: PLC0415 - each network has a package of its own

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(model.path), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._spec, self._size, self._coarse = model.input, (size.width, size.height), coarse
        self.facts = {
            "engine": f"onnxruntime ({onnxruntime.__version__})",
            "device": "CPU",
            "precision": "fp32",
        }

    def __call__(self, image: NDArray[np.uint8]) -> Channels:
        """See `Network`."""
        small = cv2.resize(image, self._size)
        if self._spec.order == "rgb":
            small = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
        mean, std = (np.asarray(part, np.float32) for part in (self._spec.mean, self._spec.std))
        levels = ((small.astype(np.float32) - mean) / std).transpose(2, 0, 1)[None]
        logits = self._session.run(None, {self._input: levels})[0][0].transpose(1, 2, 0)
        height, width = image.shape[:2]
        return _coarsely(logits, height, width) if self._coarse else _best(logits, height, width)


class EngineNetwork:
    """Our engine, in our precision, with the rest as before.

    Args:
        model: The network.
        size: Size of its input.
        engine: As for `open_engine`.
        precision: As for `open_engine`.
    """

    def __init__(
        self, model: Model, size: NetworkSize, engine: str = "auto", precision: str = "auto"
    ) -> None:
        from segmentation_node.pipeline import Segmenter  # noqa: PLC0415

        self._segmenter = Segmenter.load(
            model.path, engine=engine, precision=precision, network_size=size
        )
        self.facts = {
            "engine": self._segmenter.engine_name,
            "device": self._segmenter.device,
            "precision": self._segmenter.precision,
        }

    def __call__(self, image: NDArray[np.uint8]) -> Channels:
        """See `Network`."""
        # Channel order, mean and scale are in the engine's graph, and it fits the image itself.
        logits, fit = self._segmenter.logits(image)
        whole = _best(logits.transpose(1, 2, 0), fit.canvas_height, fit.canvas_width)
        channels = np.zeros(image.shape[:2], np.uint8)
        channels[fit.image_part] = whole[fit.canvas_part]
        return channels


class TorchNetwork:
    """PyTorch: FP32 on the processor, FP16 on a GPU where there is one.

    Args:
        model: The network.
        size: Size of its input.
    """

    def __init__(self, model: Model, size: NetworkSize) -> None:
        import torch  # noqa: PLC0415

        from benchmarks.gpu import torch_network  # noqa: PLC0415

        on_gpu = torch.cuda.is_available()
        self._device, self._dtype = ("cuda", torch.float16) if on_gpu else ("cpu", torch.float32)
        network = torch_network.TorchNetwork(model.path).eval()
        self._network = network.to(self._device, self._dtype)
        self._torch, self._size, self._order = torch, (size.width, size.height), model.input.order
        shape = (1, 3, 1, 1)
        self._mean, self._std = (
            torch.tensor(part, device=self._device).view(shape)
            for part in (model.input.mean, model.input.std)
        )
        self.facts = {
            "engine": f"torch ({torch.__version__})",
            "device": torch.cuda.get_device_name() if on_gpu else "CPU",
            "precision": "fp16" if on_gpu else "fp32",
        }

    def __call__(self, image: NDArray[np.uint8]) -> Channels:
        """See `Network`."""
        torch, enlarge = self._torch, self._torch.nn.functional.interpolate
        small = cv2.resize(image, self._size)
        if self._order == "rgb":
            small = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
        with torch.inference_mode():
            levels = torch.from_numpy(small).to(self._device).permute(2, 0, 1)[None].float()
            logits = self._network(((levels - self._mean) / self._std).to(self._dtype))
            whole = enlarge(logits, image.shape[:2], mode="bilinear", align_corners=False)
            channels: Channels = whole.argmax(1)[0].to(torch.uint8).cpu().numpy()
        return channels


def _best(logits: NDArray[np.float32], height: int, width: int) -> Channels:
    """The largest of (h, w, C) logits at each of (height, width) pixels."""
    whole: NDArray[np.intp] = cv2.resize(logits, (width, height)).argmax(axis=2)
    return whole.astype(np.uint8)


def _coarsely(logits: NDArray[np.float32], height: int, width: int) -> Channels:
    """The same in blocks: the largest of the nearest logits."""
    small = logits.argmax(axis=2).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


class NaiveNode(Node):  # type: ignore[misc]
    """Answers each camera image with labels and colours, in its callback.

    Args:
        model: What the labels mean.
        network: Finds the channel of every pixel.
        best_effort: Whether camera images are subscribed to as sensor data, or reliably.
    """

    def __init__(self, model: Model, network: Network, best_effort: bool = True) -> None:
        super().__init__("segmentation_node")
        self._network = network
        self._ids, self._palette = model.labels.id_of_channel, model.labels.palette()
        self._labels = self.create_publisher(Image, "~/labels", 10)
        self._color = self.create_publisher(Image, "~/color", 10)
        quality = qos_profile_sensor_data if best_effort else 10
        self.create_subscription(Image, "/camera/image_raw", self._answer, quality)

    def _answer(self, message: Image) -> None:
        image = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
        labels = self._ids[self._network(image)]
        color = self._palette[labels]
        self._labels.publish(_message(labels, "mono8", message))
        self._color.publish(_message(color, "rgb8", message))


def _message(pixels: NDArray[np.uint8], encoding: str, source: Image) -> Image:
    message = Image(header=source.header, encoding=encoding)
    message.height, message.width = pixels.shape[:2]
    message.step = pixels.strides[0]
    message.data = pixels.tobytes()
    return message


def run_node(make: Callable[[], tuple[Node, dict[str, str]]]) -> None:
    """Run a node until Ctrl-C; say `ready` on a line of JSON when it listens.

    Args:
        make: Makes the node, and says what computes in it.
    """
    prepare_process()
    # rclpy's own handlers take the context away under the wait, which then fails.
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    executor = SingleThreadedExecutor()
    try:
        node, facts = make()
        executor.add_node(node)
        print(json.dumps({"event": "ready", **facts}), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                executor.spin_once(timeout_sec=_LOOK_PERIOD_S)
    finally:
        rclpy.shutdown()


def make_network(options: argparse.Namespace, model: Model) -> Network:
    """The network that is asked for, on the runtime that is asked for.

    Args:
        options: Of the command line.
        model: The network.

    Raises:
        EngineError: Our engine cannot run it as asked.
        ModelError: It cannot run at that size, or holds what PyTorch is not taught here.
    """
    size = options.network_size or model.default_size
    model.check_size(size)
    if options.network == "engine":
        return EngineNetwork(model, size, options.engine, options.precision)
    if options.network == "torch":
        return TorchNetwork(model, size)
    return OnnxRuntimeNetwork(model, size, options.coarse)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("naive_node", description="The node that people write first.")
    parser.add_argument("--network", choices=NETWORKS, default=NETWORKS[0])
    parser.add_argument("--model", default="camvid")
    parser.add_argument("--network-size", type=NetworkSize.parse, help="HEIGHTxWIDTH")
    parser.add_argument("--engine", default="auto", help="with --network engine")
    parser.add_argument("--precision", default="auto", help="with --network engine")
    parser.add_argument("--coarse", action="store_true", help="enlarge labels, not logits")
    parser.add_argument("--reliable", action="store_true", help="ask for lost images again")
    options = parser.parse_args(arguments)

    def make() -> tuple[Node, dict[str, str]]:
        model = load_model(options.model)
        network = make_network(options, model)
        facts = {"network_size": str(options.network_size or model.default_size), **network.facts}
        return NaiveNode(model, network, not options.reliable), facts

    run_node(make)


if __name__ == "__main__":
    main()
