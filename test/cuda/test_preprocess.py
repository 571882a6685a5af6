from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from host_kernels import HostDriver, Output
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, Rectangle, fit
from segmentation_node.core.preprocess import preprocess
from segmentation_node.cuda.camera_image import LAYOUTS, CameraImage
from segmentation_node.cuda.preprocess import Preprocess
from segmentation_node.errors import EngineError, FrameError

DTYPES = {"fp32": np.float32, "fp16": np.float16}


@dataclass(frozen=True)
class Values:
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)
    order: str = "rgb"
    pad_bgr: tuple[int, int, int] = (1, 2, 3)


def noise_frame(
    encoding: str, height: int, width: int, padding: int = 0, seed: int = 0, big: bool = False
) -> tuple[Frame, NDArray[np.uint8]]:
    """A frame of random bytes, and the bytes; sizes become even where the encoding wants it."""
    row = ENCODINGS[encoding]
    height += height % 2 if row.is_420 else 0
    width += width % 2 if row.even_width else 0
    step = row.row_bytes(width) + padding
    data = np.random.default_rng(seed).integers(0, 256, row.rows(height) * step, np.uint8)
    frame = Frame.from_buffer(
        data, height=height, width=width, encoding=encoding, step=step, is_bigendian=big
    )
    return frame, data


def run(
    driver: HostDriver,
    frame: Frame,
    data: NDArray[np.uint8],
    fitted: Fit,
    values: Values | None = None,
    precision: str = "fp32",
    shift: int = 0,
) -> NDArray[Any]:
    out = Output((1, 3, fitted.network.height, fitted.network.width), DTYPES[precision], shift)
    image = CameraImage.of(frame)
    launcher = Preprocess(driver, image, fitted, values or Values(), precision)
    launcher(data.ctypes.data, out.address, None)
    return out.array


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("mode", list(FitMode))
@pytest.mark.parametrize("encoding", list(LAYOUTS))
def test_every_encoding_is_prepared_to_the_last_bit(
    library: ctypes.CDLL, encoding: str, mode: FitMode, precision: str
) -> None:
    frame, data = noise_frame(encoding, 37, 53, padding=5)
    fitted = fit(mode, frame.height, frame.width, NetworkSize(24, 42))
    prepared = run(HostDriver(library), frame, data, fitted, precision=precision)
    assert (prepared == preprocess(frame, fitted, Values()).astype(DTYPES[precision])).all()


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    encoding=st.sampled_from(list(LAYOUTS)),
    mode=st.sampled_from(list(FitMode)),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    network=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    padding=st.integers(0, 9),
    order=st.sampled_from(["rgb", "bgr"]),
    big=st.booleans(),
    shift=st.sampled_from([0, 4, 8, 12]),
)
def test_any_size_step_and_address_is_prepared_to_the_last_bit(
    library: ctypes.CDLL,
    encoding: str,
    mode: FitMode,
    size: tuple[int, int],
    network: tuple[int, int],
    padding: int,
    order: str,
    big: bool,
    shift: int,
) -> None:
    frame, data = noise_frame(encoding, *size, padding, sum(size), big)
    fitted = fit(mode, frame.height, frame.width, NetworkSize(*network))
    prepared = run(HostDriver(library), frame, data, fitted, Values(order=order), shift=shift)
    assert (prepared == preprocess(frame, fitted, Values(order=order))).all()


@pytest.mark.parametrize(
    ("image", "network"),
    [
        ((720, 1280), (128, 256)),
        ((240, 320), (120, 160)),
        ((96, 128), (96, 128)),
        ((9, 9), (64, 64)),
    ],
    ids=["down", "half", "same", "up"],
)
def test_scales_of_real_cameras_are_prepared_to_the_last_bit(
    library: ctypes.CDLL, image: tuple[int, int], network: tuple[int, int]
) -> None:
    frame, data = noise_frame("bgr8", *image)
    fitted = fit("letterbox", *image, NetworkSize(*network))
    prepared = run(HostDriver(library), frame, data, fitted)
    assert (prepared == preprocess(frame, fitted, Values())).all()


@pytest.mark.parametrize("mode", list(FitMode))
def test_a_region_is_prepared_as_if_the_image_ended_there(
    library: ctypes.CDLL, mode: FitMode
) -> None:
    frame, data = noise_frame("rgb8", 50, 70)
    fitted = fit(mode, 50, 70, NetworkSize(32, 32), Rectangle(7, 11, 40, 21))
    prepared = run(HostDriver(library), frame, data, fitted)
    assert (prepared == preprocess(frame, fitted, Values())).all()


@pytest.mark.parametrize("start", range(4))
def test_images_may_begin_at_any_address(library: ctypes.CDLL, start: int) -> None:
    frame, data = noise_frame("bgra8", 20, 24)
    moved = np.zeros(len(data) + 4, np.uint8)
    moved[start : start + len(data)] = data
    fitted = fit("stretch", 20, 24, NetworkSize(16, 20))
    prepared = run(HostDriver(library), frame, moved[start:], fitted)
    assert (prepared == preprocess(frame, fitted, Values())).all()


@pytest.mark.parametrize("grid", [(1, 1), (1, 3), (2, 1), (9, 9)])
def test_any_grid_covers_the_whole_input(library: ctypes.CDLL, grid: tuple[int, int]) -> None:
    frame, data = noise_frame("mono8", 40, 300)
    fitted = fit("stretch", 40, 300, NetworkSize(33, 290))
    prepared = run(HostDriver(library, grid), frame, data, fitted)
    assert (prepared == preprocess(frame, fitted, Values())).all()


def test_halves_are_rounded_as_numpy_does(library: ctypes.CDLL) -> None:
    every = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    every = every[np.isfinite(every)]
    some = np.random.default_rng(0).integers(0, 2**32, 200_000, np.uint32).view(np.float32)
    # Halfway between two halves, and the last bit to either side.
    ties = (every[:-1] + every[1:]) / 2
    around = [np.nextafter(ties, np.float32(sign * np.inf)) for sign in (-1, 1)]
    edges = np.array([np.inf, -np.inf, 65519.996, 65520], np.float32)
    values = np.concatenate([every, some[~np.isnan(some)], ties, *around, edges])
    bits, back = np.empty(len(values), np.uint16), np.empty(len(values), np.float32)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (values, bits, back)]
    library.round_trip(*pointers, len(values))
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    assert (bits == halves.view(np.uint16)).all()
    assert (back == halves.astype(np.float32)).all()


def test_tables_are_freed_once(library: ctypes.CDLL) -> None:
    frame, _ = noise_frame("bgr8", 20, 24)
    driver = HostDriver(library)
    fitted = fit("stretch", 20, 24, NetworkSize(16, 20))
    launcher = Preprocess(driver, CameraImage.of(frame), fitted, Values(), "fp32")
    launcher.free()
    launcher.free()
    assert [memory.is_freed for memory in driver.memories] == [True, True]


def test_images_of_another_size_than_fitted_are_refused(library: ctypes.CDLL) -> None:
    frame, data = noise_frame("bgr8", 20, 25)
    with pytest.raises(FrameError, match="20x25 pixels; expected 20x24, as it was fitted for"):
        run(HostDriver(library), frame, data, fit("stretch", 20, 24, NetworkSize(16, 20)))


def test_networks_of_other_types_are_refused(library: ctypes.CDLL) -> None:
    frame, _ = noise_frame("bgr8", 20, 24)
    fitted = fit("stretch", 20, 24, NetworkSize(16, 20))
    with pytest.raises(EngineError, match="input or output is int8; expected fp32 or fp16"):
        Preprocess(HostDriver(library), CameraImage.of(frame), fitted, Values(), "int8")
