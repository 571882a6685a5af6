"""A benchmark that nobody measured, to make tables and charts of."""

from __future__ import annotations

from typing import Any

WH = "wh_1525"


def times(p50_ms: float) -> dict[str, Any]:
    """A stage's figures; the tail is half as long again, and twice as long."""
    percentiles = {"p50_ms": p50_ms, "p95_ms": 1.5 * p50_ms, "p99_ms": 2 * p50_ms}
    ends = {name: [0.9 * value, 1.1 * value] for name, value in percentiles.items()}
    rest = {"count": 300, "mean_ms": p50_ms, "max_ms": 3 * p50_ms}
    return {**rest, **percentiles, "intervals": ends}


def ratio(value: float) -> dict[str, Any]:
    return {"p50": value, "interval": [0.9 * value, 1.1 * value]}


def power(watts: float | None) -> dict[str, Any]:
    """A GPU's power with 10 W of idleness; None where nothing measures any."""
    if watts is None:
        return {"device": {"why_not": "no power sensor that this user may read"}, "sensors": []}
    found = {
        "name": "a GPU",
        "covers": "the GPU",
        "idle_w": 10.0,
        "mean_w": watts,
        "above_idle_w": watts - 10,
        "mj_per_frame": 20 * watts,
        "mj_per_frame_above_idle": 20 * (watts - 10),
        WH: watts / 100,
        f"{WH}_above_idle": (watts - 10) / 100,
    }
    return {"device": {**found, "why_not": None}, "sensors": [found]}


def row(precision: str = "fp32", inference_ms: float = 20.0, **changes: Any) -> dict[str, Any]:
    """A configuration of `camvid` on the processor."""
    file = "camvid.int8.onnx" if precision == "int8" else "camvid.onnx"
    made = {
        "asked": {
            "model": "camvid",
            "engine": "auto",
            "precision": precision,
            "network_size": "256x512",
        },
        "error": "",
        "runs": {
            "model": "camvid",
            "model_file": file,
            "network_size": "256x512",
            "precision": precision,
            "engine": "openvino (OpenVINO 2026.4.1)",
        },
        "latency_ms": {
            "frame": times(inference_ms + 5),
            "preprocess": times(1.0),
            "inference": times(inference_ms),
            "postprocess": times(4.0),
        },
        "throughput": {"fps": 1000 / (inference_ms + 5), "interval": None},
        "ratio": {"to": "camvid", "frame": ratio(1.0), "inference": ratio(1.0)},
        "bytes": {"onnx": 13_456_836, "plan": None},
        "memory": {"load_s": 1.0, "rss_mib": 300.0, "rss_peak_mib": 320.0, "device_mib": None},
        "power": power(None),
        "score": None,
    }
    return {**made, **changes}


def failed_row(error: str = "received no GPU; expected one; fix: add one") -> dict[str, Any]:
    """A configuration that did not run."""
    keys = ("runs", "latency_ms", "throughput", "ratio", "bytes", "memory", "power", "score")
    return {**row("fp16"), **dict.fromkeys(keys), "error": error}


def optimisation(
    name: str, inference_ms: float | None, engine: str = "openvino", **changes: Any
) -> dict[str, Any]:
    """A row of the optimisation table; one without a time has failed."""
    made = {
        "model": "camvid",
        "network_size": "256x512",
        "optimisation": name,
        "engine": f"{engine} (of today)",
        "precision": "fp32",
        "bytes": {"onnx": 13_456_836, "plan": None},
        "nodes": 119 if engine == "onnxruntime" else None,
        "inference_ms": None if inference_ms is None else times(inference_ms),
        "ratio": None if inference_ms is None else ratio(0.5),
        "error": "received nothing; expected a time; fix: none" if inference_ms is None else "",
    }
    return {**made, **changes}


def benchmark(name: str = "workstation", **changes: Any) -> dict[str, Any]:
    """A whole benchmark, as its JSON holds it."""
    made = {
        "kind": "segmentation benchmark",
        "schema": 1,
        "measured_at": "2026-11-22T12:00:00+00:00",
        "machine": {
            "name": name,
            "processor": "a processor",
            "cores": 8,
            "memory_mib": 16000,
            "board": None,
            "gpu": None,
            "system": "Linux",
        },
        "versions": {"openvino": "2026.4.1"},
        "settings": {
            "camera": "720x1280",
            "images": "rendered",
            "rounds": 10,
            "settle": 3,
            "resamples": 1000,
        },
        "other_load": {"cores_busy_with_others": 0.05, "load_before": 0.1, "load_after": 1.0},
        "power_sensors": [],
        "rows": [row(), row("bf16", 10.0)],
        "optimisations": [],
    }
    return {**made, **changes}
