"""The NVIDIA GPU and what would run on it; a machine without one needs none of this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from segmentation_node.doctor import trial
from segmentation_node.doctor.finding import Finding
from segmentation_node.doctor.python import TRIALS, version_of

TOPIC = "gpu"
NOT_NEEDED = "nothing to do without an NVIDIA GPU: the networks run on the processor"
NOT_LOADED = "reinstall it for this Python and driver: docs/tensorrt.md"
LIBRARIES: Mapping[str, str] = {
    "tensorrt": "TensorRT",
    "tensorrt_rtx": "TensorRT for RTX",
    "pycuda": "PyCUDA",
}


DEVICES = ("nvidia[0-9]*", "nvidiactl", "nvhost-gpu", "nvgpu", "dxg")
"""Names in /dev of NVIDIA's drivers: of graphics cards, of Jetsons, and of WSL."""

NVIDIA, DISPLAY = "0x10de", "0x03"
"""The vendor of a PCI device, and how the class of graphics cards and accelerators begins."""


def is_there(root: Path = Path("/")) -> bool:
    """Whether this machine has an NVIDIA GPU, with or without its driver.

    Args:
        root: Folder that holds dev and sys.
    """
    if any(found for name in DEVICES for found in (root / "dev").glob(name)):
        return True
    return any(map(_is_card, (root / "sys/bus/pci/devices").glob("*")))


def _is_card(device: Path) -> bool:
    try:
        vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
    except OSError:
        return False
    return vendor == NVIDIA and kind.startswith(DISPLAY)


def examine() -> Iterator[Finding]:
    """Look for a GPU, its driver, the libraries, and the engines that were built."""
    if not is_there():
        yield Finding(TOPIC, "NVIDIA GPU", "ok", "none: the networks run on the processor")
        return
    yield _driver()
    for name, title in LIBRARIES.items():
        yield _library(name, title)
    yield _engine_cache()


def _library(name: str, title: str) -> Finding:
    """A library may be installed and yet not load, for want of the libraries that it is made of."""
    version = version_of(name)
    if version is None:
        return Finding(TOPIC, title, "missing", "not installed", NOT_NEEDED)
    done = trial.run(TRIALS, "packages", name)
    if done.problem:
        return Finding(TOPIC, title, "missing", f"{version}: {done.problem}", NOT_LOADED)
    return Finding(TOPIC, title, "ok", str(done.values.get(name) or version))


def _engine_cache() -> Finding:
    # Imported here: it loads NumPy, which may be the very thing that is broken.
    from segmentation_node.engines.cache import EngineStore  # noqa: PLC0415

    store = EngineStore()
    entries = store.entries()
    size_mb = sum(entry.size_bytes for entry in entries) / 1e6
    found = f"{len(entries)} engines, {size_mb:.1f} MB in {store.folder}"
    damaged = sum(bool(entry.problem) for entry in entries)
    if damaged:
        remedy = "segmentation engines list; what is damaged is built again when it is used"
        return Finding(TOPIC, "engine cache", "warn", f"{found}, {damaged} damaged", remedy)
    return Finding(TOPIC, "engine cache", "ok", found)


def _driver() -> Finding:
    if version_of("pynvml") is None:
        return Finding(TOPIC, "NVML", "missing", "not installed", NOT_NEEDED)
    done = trial.run(TRIALS, "gpus")
    if done.problem:
        return Finding(TOPIC, "NVML", "missing", done.problem, NOT_NEEDED)
    gpus = ", ".join(done.values["gpus"]) or "no GPU"
    return Finding(TOPIC, "NVML", "ok", f"{gpus}, driver {done.values['driver']}")
