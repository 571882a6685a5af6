"""The optimisers, and which of a network's weights they move how fast."""

from __future__ import annotations

from types import MappingProxyType

from torch import nn, optim

OPTIMIZERS = MappingProxyType({"adamw": optim.AdamW, "adam": optim.Adam})
"""The optimisers by name: Loshchilov and Hutter, 2019; Kingma and Ba, 2015."""


def optimizer_of(
    network: nn.Module,
    name: str,
    *,
    learning_rate: float,
    encoder_factor: float,
    weight_decay: float,
) -> optim.Optimizer:
    """An optimiser of a network, whose groups know their `peak` learning rate.

    Encoder and new layers have rates of their own; norms and biases have no weight decay.

    Args:
        network: Its parameters under `encoder.` are the encoder's.
        name: One of `OPTIMIZERS`.
        learning_rate: Of the new layers.
        encoder_factor: The encoder's rate, as a factor of it.
        weight_decay: Of convolution weights.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for path, parameter in network.named_parameters():
        groups.setdefault((path.startswith("encoder."), parameter.ndim > 1), []).append(parameter)
    return OPTIMIZERS[name](
        [
            {
                "params": parameters,
                "peak": learning_rate * (encoder_factor if encoder else 1.0),
                "weight_decay": weight_decay if decays else 0.0,
            }
            for (encoder, decays), parameters in groups.items()
        ]
    )
