"""The table of a network as text, with what the paper or the article prints of it beside ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from segmentation_node.bench import published as paper
from segmentation_node.bench.comparison import Table
from segmentation_node.bench.recomputed import FLOAT_BYTES, MIB
from segmentation_node.training.summary import DECODER, ENCODER, Layer, Summary, Totals

_VGG16 = ("fcn8s", "fcn16s", "fcn32s")
_HEAD = ("layer", "kind", "activations", "MiB", "parameters", "MiB", "GFLOP")
_LAST_ROW = "the paper's total is its last row alone: {row:.2f} MiB (docs/errata.md)"


@dataclass(frozen=True)
class Published:
    """A published figure beside ours.

    Args:
        what: Which figure.
        printed: As it stands there, MB of 2^20 bytes for the paper's tables 1 and 2, of 10^6 for
            the article.
        ours: In the same unit.
        remark: Why they differ, where they do by more than rounding.
    """

    what: str
    printed: float
    ours: float
    remark: str = ""


def network_tables(summary: Summary) -> tuple[Table, ...]:
    """The layers, the sums, and what was published of them.

    Args:
        summary: Of any network.
    """
    title = f"{summary.network}, {summary.size} (height x width), {summary.num_classes} classes"
    layers = Table(title, _HEAD, tuple(_layer_row(layer) for layer in summary.layers))
    totals = Table("totals, float32, one image", ("part", *_HEAD[2:]), tuple(_total_rows(summary)))
    rows = tuple(
        (found.what, f"{found.printed:g}", f"{found.ours:.2f}", found.remark)
        for found in published_of(summary)
    )
    if not rows:
        return layers, totals
    return layers, totals, Table("published", ("figure", "printed", "here", "remark"), rows)


def summary_mapping(summary: Summary) -> dict[str, Any]:
    """The same as plain numbers, strings, lists and mappings."""
    return {**summary.to_mapping(), "published": [vars(row) for row in published_of(summary)]}


def published_of(summary: Summary) -> tuple[Published, ...]:
    """What was published of a network of that size and so many classes; empty where nothing was."""
    if summary.num_classes != paper.CLASSES:
        return ()
    if summary.network == "fcn_alexnet":
        return (_article_weights(summary),)
    at_size = (summary.size.height, summary.size.width) == paper.INPUT_SIZE
    if summary.network not in _VGG16 or not at_size:
        return ()
    decoder = _decoder_of_table_2(summary) if summary.network == "fcn8s" else ()
    return (*_encoder_of_table_1(summary), *decoder)


def _encoder_of_table_1(summary: Summary) -> tuple[Published, ...]:
    totals, printed = summary.totals(ENCODER), paper.TABLE_1_MB
    return (
        Published(
            "activations of the encoder, MB (table 1)",
            printed["activations"],
            totals.activation_bytes / MIB,
        ),
        Published(
            "parameters of the encoder, MB (table 1)",
            printed["parameters"],
            totals.parameter_bytes / MIB,
            "cut off, not rounded",
        ),
    )


def _decoder_of_table_2(summary: Summary) -> tuple[Published, ...]:
    totals, printed, last = summary.totals(DECODER), paper.TABLE_2_MB, summary.layers[-1]
    activations, parameters = (
        FLOAT_BYTES * count / MIB for count in (last.activations, last.parameters)
    )
    return (
        Published(
            "activations of the decoder, MB (table 2)",
            printed["activations"],
            totals.activation_bytes / MIB,
            _LAST_ROW.format(row=activations),
        ),
        Published(
            "parameters of the decoder, MB (table 2)",
            printed["parameters"],
            totals.parameter_bytes / MIB,
            _LAST_ROW.format(row=parameters),
        ),
    )


def _article_weights(summary: Summary) -> Published:
    return Published(
        "weights in FP32, MB (the article)",
        paper.ARTICLE[0].weights_mb,
        summary.totals().parameter_bytes / 1e6,
        "the article says about; it gives no table of layers",
    )


def _layer_row(layer: Layer) -> tuple[str, ...]:
    return (
        layer.name,
        layer.kind,
        "x".join(str(side) for side in layer.shape) + (" x 2" if layer.counted_twice else ""),
        _mib(layer.activations),
        f"{layer.parameters:,}" if layer.parameters else "",
        _mib(layer.parameters) if layer.parameters else "",
        f"{layer.flops / 1e9:.3f}" if layer.flops else "",
    )


def _total_rows(summary: Summary) -> Iterator[tuple[str, ...]]:
    for name, part in ((ENCODER, ENCODER), (DECODER, DECODER), ("all", None)):
        totals: Totals = summary.totals(part)
        yield (
            name,
            f"{totals.activation_bytes // FLOAT_BYTES:,}",
            f"{totals.activation_bytes / MIB:.2f}",
            f"{totals.parameters:,}",
            f"{totals.parameter_bytes / MIB:.2f}",
            f"{totals.flops / 1e9:.3f}",
        )


def _mib(count: int) -> str:
    return f"{FLOAT_BYTES * count / MIB:.3f}"
