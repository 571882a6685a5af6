"""The engines: what each can do here, and whether the default network really runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segmentation_node.doctor import gpu, trial
from segmentation_node.doctor.finding import Finding, one_line
from segmentation_node.doctor.python import TRIALS
from segmentation_node.installing import pip_install

TOPIC = "engines"
REMEDIES: Mapping[str, str] = {
    "tensorrt": "nothing to do without an NVIDIA GPU; with one: docs/tensorrt.md",
    "openvino": pip_install("openvino>=2024.4"),
}


def examine() -> Iterator[Finding]:
    """Look at every engine, then segment an image with everything at its default."""
    # Imported here: it loads NumPy, which may be the very thing that is broken.
    from segmentation_node.engines import available_engines  # noqa: PLC0415

    for report in available_engines():
        if report.problem and report.name == "tensorrt" and not gpu.is_there():
            continue  # the row on GPUs says that there is none
        if report.problem:
            found = one_line(report.problem)
            yield Finding(TOPIC, report.name, "missing", found, REMEDIES[report.name])
        else:
            precisions = ", ".join(report.precisions)
            yield Finding(
                TOPIC, report.name, "ok", f"{report.runtime}: {precisions} on {report.device}"
            )
    yield _segmentation()


def _segmentation() -> Finding:
    done = trial.run(TRIALS, "engine")
    if done.problem:
        remedy = pip_install("openvino>=2024.4") + ", then look at the rows on models"
        return Finding(TOPIC, "segmentation", "missing", done.problem, remedy, essential=True)
    ran = done.values
    found = (
        f"{ran['model']} at {ran['network_size']} in {ran['precision']}: "
        f"{ran['latency_ms']} ms from an image 1280 wide, 720 high to its labels"
    )
    return Finding(TOPIC, "segmentation", "ok", found, essential=True)
