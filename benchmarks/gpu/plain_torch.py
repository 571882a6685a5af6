"""What one would write with PyTorch alone: the pipeline that ours is compared with."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from benchmarks.gpu.torch_network import TorchNetwork
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import Model


class PlainTorch:
    """A camera image in main memory to labels and colours there, by PyTorch's own operators.

    The image is stretched to the network's input, whatever the model's fit: that is the least work.

    Args:
        model: The network.
        size: Size of its input.
        precision: `fp32` or `fp16`.
    """

    def __init__(self, model: Model, size: NetworkSize, precision: str = "fp16") -> None:
        dtype = torch.float16 if precision == "fp16" else torch.float32
        self._size = (size.height, size.width)
        self._dtype, self._order = dtype, model.input.order
        self._network = TorchNetwork(model.path).eval().to("cuda", dtype)
        spec = model.input
        self._mean = torch.tensor(spec.mean, device="cuda").view(1, 3, 1, 1)
        self._std = torch.tensor(spec.std, device="cuda").view(1, 3, 1, 1)
        self._ids = torch.from_numpy(model.labels.id_of_channel.copy()).cuda()
        self._palette = torch.from_numpy(model.labels.palette().copy()).cuda()

    @torch.inference_mode()  # type: ignore[untyped-decorator,unused-ignore]
    def __call__(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Segment one image and wait for it.

        Args:
            image: (H, W, 3) uint8 BGR.

        Returns:
            (H, W) uint8 label ids and (H, W, 3) uint8 RGB colours.
        """
        levels = torch.from_numpy(image).cuda().permute(2, 0, 1)[None]
        if self._order == "rgb":
            levels = levels.flip(1)
        small = functional.interpolate(levels.float(), self._size, mode="bilinear")
        logits = self._network(((small - self._mean) / self._std).to(self._dtype))
        full = functional.interpolate(logits, image.shape[:2], mode="bilinear")
        labels = self._ids[full.argmax(1)[0]]
        color = self._palette[labels.long()]
        return labels.cpu().numpy(), color.cpu().numpy()
