"""Where the paper and the article disagree with themselves, recomputed from what they print.

`docs/errata.md` is written from here: `python -m benchmarks.errata`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segmentation_node.bench import published as paper
from segmentation_node.bench.recomputed import (
    FLOAT_BYTES,
    MIB,
    activation_bytes,
    alexnet_parameters,
    decoder_parameters,
    encoder_parameters,
    energy_wh,
    input_channels,
    training_mb,
)

MB = 10**6


@dataclass(frozen=True)
class Erratum:
    """One disagreement.

    Args:
        where: Section or table.
        printed: What stands there.
        found: What its own figures give, with the arithmetic.
    """

    where: str
    printed: str
    found: str


def errata() -> tuple[Erratum, ...]:
    """All that were found, in the order of the paper, the article's last."""
    return (
        _formulas_of_table_1(),
        _units(),
        _totals_of_table_2(),
        _listed_classes(),
        _training_memory(),
        _mean_iou(),
        _below_benchmarks(),
        _file_sizes(),
        _quantised(),
        _speeds_on_devices(),
        _reductions(),
        _speed_ratio(),
        _energy(),
        _article_kernel(),
    )


def _mib(count: float) -> str:
    return f"{count / MIB:.2f} MiB"


def _formulas_of_table_1() -> Erratum:
    wrong = [
        layer.name
        for index, layer in enumerate(paper.TABLE_1)
        if layer.kernel is not None and layer.kernel[2] != input_channels(index)
    ]
    as_printed, right = (FLOAT_BYTES * encoder_parameters(printed=flag) for flag in (True, False))
    return Erratum(
        "table 1",
        f"the formulas of {', '.join(wrong)} count the channels that the first convolution of "
        "their block reads; the third pooling is called Pool4 like the fourth",
        f"as printed the parameters come to {_mib(as_printed)}, with the channels of the row "
        f"before to {_mib(right)}: the printed total of {paper.TABLE_1_MB['parameters']:g} MB is "
        "that of the right formulas",
    )


def _units() -> Erratum:
    activations = activation_bytes(paper.TABLE_1)
    weights = FLOAT_BYTES * (encoder_parameters(printed=False) + decoder_parameters())
    return Erratum(
        "tables 1, 2 and 10",
        "all sizes are in “MB”",
        f"in tables 1 and 2 that is 2^20 bytes (activations of the encoder: {activations} bytes = "
        f"{_mib(activations)} = {activations / MB:.1f}·10^6, printed "
        f"{paper.TABLE_1_MB['activations']:g}), cut off and not rounded; in table 10 it is 10^6 "
        f"(weights of FCN-8s: {weights} bytes = {_mib(weights)} = {weights / MB:.3f}·10^6, printed "
        f"{paper.TABLE_10_MB['FCN-8s']} with the graph)",
    )


def _totals_of_table_2() -> Erratum:
    output = paper.TABLE_2[-1]
    return Erratum(
        "table 2",
        f"the decoder takes {paper.TABLE_2_MB['activations']} MB of activations and "
        f"{paper.TABLE_2_MB['parameters']} MB of parameters",
        f"that is its last row alone: {_mib(FLOAT_BYTES * output.activations)} and "
        f"{_mib(FLOAT_BYTES * output.parameters())}; all rows come to "
        f"{_mib(activation_bytes(paper.TABLE_2))} and {_mib(FLOAT_BYTES * decoder_parameters())}",
    )


def _listed_classes() -> Erratum:
    listed = sum(paper.TABLE_3.values())
    return Erratum(
        "table 3",
        f"{paper.CLASSES} classes in 8 groups",
        f"{listed} are listed ({' + '.join(str(count) for count in paper.TABLE_3.values())}); the "
        f"other {paper.CLASSES - listed} are unlabeled, ego vehicle, rectification border, out of "
        "roi and license plate",
    )


def _training_memory() -> Erratum:
    claim = paper.SECTION_4_3_2
    rounded, right = training_mb()
    return Erratum(
        "section 4.3.2",
        f"{claim['activations_mb']} MB · {claim['passes']} + {claim['parameters_mb']} MB · "
        f"{claim['copies']} = {claim['total_gb']} GB for each image",
        f"= {rounded} MB; with the right totals of table 2, {right:.0f} MiB. The parameters are "
        "there once and not for each image, so a batch may be larger than 16 GB / 1 GB",
    )


def _mean_iou() -> Erratum:
    means = {
        name: sum(score["per_class"].values()) / len(score["per_class"])
        for name, score in paper.SCORES.items()
    }
    text, table = paper.SECTION_5_2_MIOU["FCN-8s"], paper.SCORES["FCN-8s"]["miou"]
    others = " and ".join(f"{means[name]:.4f} for {name}" for name in paper.NETWORKS[1:])
    return Erratum(
        "section 5.2, section 6, table 6",
        f"the mean IoU of FCN-8s is {text} in the text and {table} in the table",
        f"the mean of the table's 19 rows is {means['FCN-8s']:.4f}, so {table} is right and cut "
        f"off ({others} agree with both)",
    )


def _below_benchmarks() -> Erratum:
    low, high = paper.SECTION_5_2_LOWER_PERCENT
    ranges = []
    for name in paper.NETWORKS:
        gaps = [100 * (other - paper.SCORES[name]["miou"]) for other in paper.TABLE_8.values()]
        ranges.append(f"{min(gaps):.1f} to {max(gaps):.1f} for {name}")
    return Erratum(
        "section 5.2, table 8",
        f"the results are about {low} to {high} % lower than the benchmarks",
        f"in points of mIoU, not percent: {', '.join(ranges)}; and the benchmarks are of the test "
        "set, the results of the validation set",
    )


def _file_sizes() -> Erratum:
    changes = [
        f"{1000 * (paper.TABLE_10_MB[name] - paper.TABLE_10_NO_IDENTITIES_MB[name]):.0f}"
        for name in paper.NETWORKS
    ]
    return Erratum(
        "section 5.3, table 10",
        "other optimisations than quantisation change the size by a few bytes",
        f"removing Identity nodes changes it by {', '.join(changes)} kB",
    )


def _quantised() -> Erratum:
    ranges = []
    for device, times in paper.TABLE_11_BASELINE_MS.items():
        pairs = zip(times, paper.TABLE_11_QUANTIZED_MS[device], strict=True)
        factors = [after / before for before, after in pairs]
        ranges.append(f"{min(factors):.2f} to {max(factors):.2f} times on the {device}")
    return Erratum(
        "section 5.3, table 11",
        f"quantised weights take {paper.SECTION_5_3_SLOWER} times as long",
        ", ".join(ranges),
    )


def _ratio(times: list[float]) -> str:
    """How many times as fast as the last, by times."""
    return " : ".join(f"{times[-1] / time:.3g}" for time in times)


def _lengths(times: list[float]) -> str:
    """How many times as long as the first, by times, the last first."""
    return " : ".join(f"{time / times[0]:.3g}" for time in reversed(times))


def _colons(figures: tuple[float, ...]) -> str:
    return " : ".join(f"{figure:g}" for figure in figures)


def _speeds_on_devices() -> Erratum:
    times = [float(paper.TABLE_11_QUANTIZED_MS[device][0]) for device in paper.DEVICES]
    return Erratum(
        "section 5.3, table 11",
        f"desktop, laptop and TX1 were expected at {_colons(paper.SECTION_5_3_CORES)} and came to "
        f"{_colons(tuple(reversed(times)))} = {_colons(paper.SECTION_5_3_SPEEDS)}",
        f"these are the times of TX1, laptop and desktop; as speeds of desktop, laptop and TX1 "
        f"they are {_ratio(times)}: the laptop is far faster than the estimate",
    )


def _reductions() -> Erratum:
    parts = []
    for device in paper.SECTION_5_4_REDUCTION_PERCENT:
        before, after = paper.TABLE_12_BASELINE_MS[device], paper.TABLE_12_TENSORRT_MS[device]
        parts.append(
            f"{before} to {after} ms on the {device} is {100 * (1 - after / before):.1f} % less: "
            f"{100 * after / before:.1f} % is what is left"
        )
    claims = " and ".join(
        f"{claimed} % on the {device}"
        for device, claimed in paper.SECTION_5_4_REDUCTION_PERCENT.items()
    )
    return Erratum("section 5.4, table 12", f"TensorRT takes {claims} off", "; ".join(parts))


def _speed_ratio() -> Erratum:
    times = [float(paper.TABLE_12_TENSORRT_MS[device]) for device in paper.DEVICES]
    return Erratum(
        "section 5.5, table 12",
        f"images per second are as {_colons(paper.SECTION_5_5_SPEEDS)} on desktop, laptop and TX1",
        f"{_colons(tuple(times))} ms give {_ratio(times)}; {_lengths(times)} are the times of TX1, "
        "laptop and desktop",
    )


def _energy() -> Erratum:
    found = ", ".join(f"{energy_wh(device):.4f}" for device in paper.DEVICES)
    ratio = _ratio([paper.TABLE_13[device][1] for device in paper.DEVICES])
    return Erratum(
        "section 5.5, table 13",
        f"{', '.join(f'{paper.TABLE_13[device][1]:.3f}' for device in paper.DEVICES)} W-hr, images "
        f"per W-hr as {_colons(paper.SECTION_5_5_IMAGES_PER_ENERGY)}",
        f"the formula gives {found} W-hr (the last is cut off) and {ratio}: this holds. Power is "
        "that of one GPU on desktop and laptop and of the whole module on the TX1, so the energies "
        "are not of like with like",
    )


def _article_kernel() -> Erratum:
    sizes = {side: FLOAT_BYTES * alexnet_parameters(side) / MB for side in (1, 6)}
    return Erratum(
        "the article",
        "the fully connected layers of AlexNet are replaced by 1x1 convolutions; the weights are "
        f"about {paper.ARTICLE[0].weights_mb:g} MB in FP32",
        f"with a first one of 1x1 they would be {sizes[1]:.0f} MB, with one of 6x6, as AlexNet's "
        f"own layer sees, {sizes[6]:.0f} MB: it is 6x6 here",
    )


HEAD = """\
# Errata of the paper and the article

Where they disagree with themselves. Every figure below is worked out by
`benchmarks/errata.py` from what is printed (`bench/published.py`), and this page is
written from it: `python -m benchmarks.errata > docs/errata.md`.

| where | printed | what its own figures give |
|---|---|---|
"""


def errata_text() -> str:
    """The page, as Markdown."""
    return HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for erratum in errata():
        yield f"| {erratum.where} | {erratum.printed} | {erratum.found} |\n"


if __name__ == "__main__":
    print(errata_text(), end="")
