"""PyTorch as an engine on a GPU: for comparison, and where TensorRT is not to be had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.torch_network import TorchNetwork
from segmentation_node.closing import Closing
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, TensorSpec

DEVICE = "cuda"

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16}


class TorchEngine(Closing):
    """A network run by PyTorch, layer by layer, in the order of the caller's stream.

    PyTorch's own context is the GPU's primary one, which must be current.

    Args:
        model: The network.
        size: Size of its input; the model's default where None.
        precision: `fp32` or `fp16`.
        batch: Images at a time, at most.

    Raises:
        ModelError: The network holds an operator that is not known here.
    """

    name = "torch"

    def __init__(
        self,
        model: Model,
        size: NetworkSize | None = None,
        precision: str = "fp32",
        batch: int = 1,
    ) -> None:
        size = size or model.default_size
        self.model, self.precision, self.batch = model, precision, batch
        self.runtime = f"PyTorch {torch.__version__}"
        self.device = torch.cuda.get_device_name()
        # TF32 would round inputs to ten bits: FP32 is to mean FP32.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        self._dtype = _DTYPES[precision]
        network = TorchNetwork(model.path).eval()
        self._network: TorchNetwork | None = network.to(DEVICE, self._dtype)
        # Memory that graphs write to again and again must be nobody else's.
        self._pool: Any = torch.cuda.MemPool()
        self._views: dict[tuple[int, TensorSpec], Tensor] = {}
        rows, columns = size.height // model.stride, size.width // model.stride
        dtype = str(self._dtype).removeprefix("torch.")
        self.input = TensorSpec("image", (1, 3, size.height, size.width), dtype)
        self.output = TensorSpec("logits", (1, model.labels.num_classes, rows, columns), dtype)
        torch.cuda.synchronize()

    def enqueue(
        self, stream: int, input_address: int, output_address: int, images: int = 1
    ) -> None:
        """Run the network in the order of a stream; see `GpuEngine.enqueue`."""
        if self._network is None:
            raise EngineError("a closed engine", "an open one", "open it again")
        try:
            with (
                torch.inference_mode(),
                torch.cuda.stream(torch.cuda.ExternalStream(stream)),
                torch.cuda.use_mem_pool(self._pool),
            ):
                image = self._view(input_address, self.input, images)
                logits = self._view(output_address, self.output, images)
                logits.copy_(self._network(image))
        except RuntimeError as error:
            raise EngineError(
                received=f"a failure of PyTorch ({str(error).splitlines()[0]})",
                expected="work that the GPU takes",
                fix="see nvidia-smi for the GPU's state; start again",
            ) from error

    def close(self) -> None:
        """Free the network and its memory; closing twice does nothing."""
        self._network, self._pool = None, None
        self._views.clear()
        torch.cuda.empty_cache()

    def _view(self, address: int, one: TensorSpec, images: int) -> Tensor:
        spec = replace(one, shape=(images, *one.shape[1:]))
        # Memory that was given back may come again as the other tensor.
        key = address, spec
        if key not in self._views:
            self._views[key] = tensor_at(address, spec)
        return self._views[key]


def tensor_at(address: int, spec: TensorSpec) -> Tensor:
    """A tensor on memory of the GPU that is not PyTorch's."""
    return torch.as_tensor(_Memory(address, spec), device=DEVICE)


class _Memory:
    """Says where a tensor lies, by the CUDA Array Interface, version 3."""

    def __init__(self, address: int, spec: TensorSpec) -> None:
        self.__cuda_array_interface__ = {
            "shape": spec.shape,
            "typestr": {"float32": "<f4", "float16": "<f2"}[spec.dtype],
            "data": (address, False),
            "version": 3,
        }
