"""The float network that is quantised, with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError
from segmentation_node.model import Model, load_model
from segmentation_node.quantize.images import ImageSet, Sample
from segmentation_node.quantize.network import read_network
from segmentation_node.quantize.request import Request


@dataclass(frozen=True)
class Source:
    """A float network at the size that it is calibrated at.

    Args:
        model: What its sidecar says.
        size: Size of its input.
        network: The network.
    """

    model: Model
    size: NetworkSize
    network: onnx.ModelProto

    @classmethod
    def read(cls, request: Request) -> Source:
        """Read the network that a request names.

        Raises:
            ModelError: It cannot be read, or cannot run at the size.
            ConfigError: The output would replace it.
        """
        model = load_model(request.model)
        if request.output.resolve() == model.path.resolve():
            raise ConfigError(
                received=f"{request.output} as both model and output",
                expected="an output beside the float network, not in its place",
                fix="name another output",
            )
        size = request.size or model.default_size
        model.check_size(size)
        return cls(model, size, read_network(model))

    def samples(self, images: ImageSet) -> Iterator[Sample]:
        """What the network gets for each image."""
        return images.samples(self.model, self.size)
