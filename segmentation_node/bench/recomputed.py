"""What follows from the figures that the paper and the article print: sums, sizes and energies."""

from __future__ import annotations

from segmentation_node.bench import published as paper

FLOAT_BYTES = 4
MIB = 2**20


def input_channels(index: int) -> int:
    """Channels that a row of table 1 really reads: those of the row before."""
    return paper.TABLE_1[index - 1].shape[2] if index else 3


def encoder_parameters(*, printed: bool) -> int:
    """Parameters of table 1 by its formulas, or with the channels that each row really reads."""
    return sum(
        layer.parameters(None if printed else (*layer.kernel[:2], input_channels(index)))
        for index, layer in enumerate(paper.TABLE_1)
        if layer.kernel is not None
    )


def decoder_parameters() -> int:
    """Parameters of table 2."""
    return sum(layer.parameters() for layer in paper.TABLE_2)


def activation_bytes(table: tuple[paper.PrintedLayer, ...]) -> int:
    """Bytes of a table's activations in float32."""
    return FLOAT_BYTES * sum(layer.activations for layer in table)


def training_mb() -> tuple[int, float]:
    """Memory of one image in training: by the paper's figures, and by the tables' right totals."""
    claim = paper.SECTION_4_3_2
    rounded = claim["activations_mb"] * claim["passes"] + claim["parameters_mb"] * claim["copies"]
    activations = activation_bytes(paper.TABLE_1) + activation_bytes(paper.TABLE_2)
    weights = FLOAT_BYTES * (encoder_parameters(printed=False) + decoder_parameters())
    return rounded, (activations * claim["passes"] + weights * claim["copies"]) / MIB


def inference_energy_wh(inference_ms: float, power_w: float) -> float:
    """Energy for the paper's 1525 test images, W-hr: 1525 I P / (60 * 60 * 1000).

    Source: the paper, section 5.5, the formula below table 13.

    Args:
        inference_ms: I, milliseconds of one inference.
        power_w: P, average power in watts.
    """
    return paper.TEST_IMAGES * inference_ms * power_w / (60 * 60 * 1000)


def energy_wh(device: str) -> float:
    """The same of one of the paper's devices, by its own figures."""
    return inference_energy_wh(paper.TABLE_12_TENSORRT_MS[device], paper.TABLE_13[device][0])


def alexnet_parameters(side: int) -> int:
    """Parameters of FCN-AlexNet with a first fully connected layer of side x side cells.

    Convolutions as in Krizhevsky, 2014; 4096 filters in the next layers; 35 classes; upsampling by
    32 with a kernel of 64.
    """
    filters = (
        (11 * 11 * 3, 64),
        (5 * 5 * 64, 192),
        (3 * 3 * 192, 384),
        (3 * 3 * 384, 256),
        (3 * 3 * 256, 256),
        (side * side * 256, 4096),
        (4096, 4096),
        (4096, paper.CLASSES),
        (64 * 64 * paper.CLASSES, paper.CLASSES),
    )
    return sum((weights + 1) * count for weights, count in filters)
