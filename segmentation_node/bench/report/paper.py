"""The paper's tables 10 to 13 with today's figures, and its own in columns of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from segmentation_node.bench import published as paper
from segmentation_node.bench.benchmark.table import (
    NONE,
    OPTIMISATIONS,
    configuration_name,
    figure,
    megabytes,
)
from segmentation_node.bench.comparison import Table
from segmentation_node.bench.report.columns import (
    Figures,
    Machine,
    engine_of,
    grouped,
    measured,
    published_head,
)

_IN_TABLE_10: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "as_exported": ("frozen model, no optimizations", paper.TABLE_10_MB),
    "folded": ("fold constants, fold batch norms", paper.TABLE_10_FOLDED_MB),
    "fused": ("fuse resize and conv", paper.TABLE_10_FOLDED_MB),
    "int8-weights": ("quantize weights", paper.TABLE_10_QUANTIZED_MB),
}
_ONLY_IN_TABLE_10: Mapping[str, Mapping[str, float]] = {
    "add default attributes": paper.TABLE_10_MB,
    "fold old batch norms": paper.TABLE_10_MB,
    "strip unused nodes": paper.TABLE_10_MB,
    "sort by execution order": paper.TABLE_10_MB,
    "merge duplicate nodes": paper.TABLE_10_MERGED_MB,
    "remove nodes (Identity, CheckNumerics)": paper.TABLE_10_NO_IDENTITIES_MB,
    "All Optimizations": paper.TABLE_10_ALL_MB,
}
_IN_TABLE_11 = {
    "as_exported": ("Baseline", paper.TABLE_11_BASELINE_MS),
    "int8-weights": ("Weight Quantized", paper.TABLE_11_QUANTIZED_MS),
}
_WH = f"wh_{paper.TEST_IMAGES}"
_OPTIMISATION = ("optimisation", "in the paper")


def table_10(machines: Sequence[Machine]) -> Table:
    """Size of the model, MB: a row for each optimisation, a column for each network."""
    columns = {
        (machine.name, row["model"], row["network_size"]): machine
        for machine in machines
        for row in machine.figures["optimisations"]
    }
    found = [_by_optimisation(machine, key[1:]) for key, machine in columns.items()]
    rows = [
        (
            label,
            _name_in(_IN_TABLE_10, key),
            *(megabytes(_smallest(rows.get(key, ()), "onnx")) for rows in found),
            *_of_networks(key),
        )
        for key, label in OPTIMISATIONS.items()
    ]
    rows += _plans(found)
    rows += [
        (NONE, name, *[NONE] * len(columns), *(figure(sizes[one], 3) for one in paper.NETWORKS))
        for name, sizes in _ONLY_IN_TABLE_10.items()
    ]
    head = ["\n".join(key) for key in columns]
    head += [published_head(name) for name in paper.NETWORKS]
    return Table("Table 10: optimisations and size, MB", (*_OPTIMISATION, *head), tuple(rows))


def table_11(machines: Sequence[Machine]) -> Table:
    """Inference, ms: a row for each optimisation, a column for each device and network."""
    columns: dict[tuple[str, ...], dict[str, Figures]] = {}
    for machine in machines:
        for row in machine.figures["optimisations"]:
            network = f"{row['model']} {row['network_size']}"
            key = (machine.name, network, engine_of(row["engine"]))
            columns.setdefault(key, {})[row["optimisation"]] = row
    rows = tuple(
        (
            label,
            _name_in(_IN_TABLE_11, key),
            *(_inference(found.get(key)) for found in columns.values()),
            *_of_devices(key),
        )
        for key, label in OPTIMISATIONS.items()
    )
    head = ["\n".join(key) for key in columns]
    head += [published_head(device, name) for device in paper.DEVICES for name in paper.NETWORKS]
    return Table("Table 11: optimisations and inference, ms", (*_OPTIMISATION, *head), rows)


def table_12(machines: Sequence[Machine]) -> Table:
    """Inference before and after all that the runtimes do, ms: a row for each device."""
    rows = [row for machine in machines for row in _before_and_after(machine)]
    rows += [
        (
            device,
            "FCN-8s 256x512",
            *[NONE] * 3,
            figure(paper.TABLE_12_BASELINE_MS.get(device), 0),
            figure(paper.TABLE_12_TENSORRT_MS[device], 0),
        )
        for device in paper.DEVICES
    ]
    head = ("device", "network", "baseline ms", "optimised ms", "optimised how")
    both = published_head("baseline ms"), published_head("TensorRT ms")
    return Table("Table 12: inference before and after", (*head, *both), tuple(rows))


def table_13(machines: Sequence[Machine]) -> Table:
    """Power, and energy for 1525 images: a row for each device and configuration."""
    own = ((machine.name, row) for machine in machines for row in measured(machine))
    rows = [_power_row(name, row) for name, row in own if row["power"]]
    rows += [
        (
            device,
            "FCN-8s 256x512, TensorRT",
            "the module" if device == "Jetson TX1" else "one GPU",
            *[NONE] * 4,
            *(f"{number:g}" for number in paper.TABLE_13[device]),
        )
        for device in paper.DEVICES
    ]
    head = ("device", "network", "measured", "W", "Wh", "W idle off", "Wh idle off")
    both = published_head("W"), published_head("Wh")
    return Table(
        f"Table 13: power, and energy for {paper.TEST_IMAGES} images", (*head, *both), tuple(rows)
    )


def _by_optimisation(machine: Machine, network: Sequence[str]) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = {}
    for row in machine.figures["optimisations"]:
        if (row["model"], row["network_size"]) == tuple(network):
            found.setdefault(row["optimisation"], []).append(row)
    return found


def _smallest(rows: Sequence[Figures], kind: str) -> int | None:
    """The size of the file; engines share the ONNX, and each makes a plan of its own."""
    sizes = (row["bytes"][kind] for row in rows if row["bytes"] is not None)
    return min((size for size in sizes if size is not None), default=None)


def _plans(found: Sequence[Mapping[str, list[Figures]]]) -> Iterator[tuple[str, ...]]:
    for key, label in OPTIMISATIONS.items():
        sizes = [_smallest(rows.get(key, ()), "plan") for rows in found]
        if any(size is not None for size in sizes):
            none = [NONE] * len(paper.NETWORKS)
            yield (f"{label}: TensorRT's plan", NONE, *map(megabytes, sizes), *none)


def _name_in(table: Mapping[str, tuple[str, Any]], key: str) -> str:
    """What the paper calls an optimisation."""
    return table[key][0] if key in table else NONE


def _of_networks(key: str) -> list[str]:
    _, sizes = _IN_TABLE_10.get(key, ("", {}))
    return [figure(sizes.get(name), 3) for name in paper.NETWORKS]


def _of_devices(key: str) -> list[str]:
    times: Mapping[str, Sequence[float]] = _IN_TABLE_11[key][1] if key in _IN_TABLE_11 else {}
    return [
        figure(times[device][at] if device in times else None, 0)
        for device in paper.DEVICES
        for at in range(len(paper.NETWORKS))
    ]


def _inference(row: Figures | None) -> str:
    if row is None:
        return NONE
    return "failed" if row["inference_ms"] is None else f"{row['inference_ms']['p50_ms']:.2f}"


def _before_and_after(machine: Machine) -> Iterator[tuple[str, ...]]:
    """From the optimisations where they were measured, which ran in turns, else from the rows."""
    optimised = machine.figures["optimisations"]
    if optimised:
        yield from _of_optimisations(machine.name, optimised)
        return
    for (model, size), rows in grouped(measured(machine)).items():
        plain = [row for row in rows if row["runs"]["precision"] == "fp32"]
        best = min(rows, key=_median)
        before = f"{_median(plain[0]):.2f} ({_runs(plain[0])})" if plain else NONE
        yield (
            machine.name,
            f"{model} {size}",
            before,
            f"{_median(best):.2f}",
            _runs(best),
            NONE,
            NONE,
        )


def _of_optimisations(name: str, rows: Sequence[Figures]) -> Iterator[tuple[str, ...]]:
    for network in dict.fromkeys((row["model"], row["network_size"]) for row in rows):
        own = [
            row
            for row in rows
            if (row["model"], row["network_size"]) == network and row["inference_ms"] is not None
        ]
        if own:
            plain = next((row for row in own if row["optimisation"] == "as_exported"), None)
            best = min(own, key=lambda row: float(row["inference_ms"]["p50_ms"]))
            how = f"{best['optimisation']}, {engine_of(best['engine'])}"
            before = f"{_inference(plain)} ({engine_of(plain['engine'])})" if plain else NONE
            yield (name, " ".join(network), before, _inference(best), how, NONE, NONE)


def _runs(row: Figures) -> str:
    return f"{row['runs']['precision']}, {engine_of(row['runs']['engine'])}"


def _median(row: Figures) -> float:
    return float(row["latency_ms"]["inference"]["p50_ms"])


def _power_row(name: str, row: Figures) -> tuple[str, ...]:
    found, network = row["power"]["device"], configuration_name(row)
    if found["why_not"]:
        return (name, network, f"not measured: {found['why_not']}", *[NONE] * 6)
    told = (
        figure(found["mean_w"]),
        figure(found[_WH], 4),
        figure(found["above_idle_w"]),
        figure(found[f"{_WH}_above_idle"], 4),
    )
    return (name, network, found["covers"], *told, NONE, NONE)
