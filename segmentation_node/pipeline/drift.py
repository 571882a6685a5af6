"""Compares the camera's images with those that the network was calibrated on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from segmentation_node.core.clipping import ClippedShare
from segmentation_node.core.drift import Drift, DriftMonitor, DriftSettings, Limits
from segmentation_node.core.frame import Frame
from segmentation_node.core.image_statistics import ImageStatistics, image_statistics
from segmentation_node.core.sampling import PixelSampler
from segmentation_node.errors import FrameError
from segmentation_node.model import Calibration, Model

NO_MODEL = "no network is loaded"
NO_STATISTICS = "no calibration statistics in the sidecar"
OLD_STATISTICS = (
    "the sidecar is of an older version and has no percentiles of its calibration images; "
    "quantise again"
)


@dataclass(frozen=True)
class DriftReport:
    """What the comparison has come to.

    Args:
        off: Why nothing is compared; empty where it is.
        images: Number of calibration images.
        drifts: What is to be warned of.
        means: The stream's figures over the window; None before its first image.
        limits: Lower and upper limits of each figure.
        clipped: Share, 0 to 1, of the latest image's values that are beyond the range of the
            network's INT8 input; None where that range is not known.
    """

    off: str = ""
    images: int = 0
    drifts: tuple[Drift, ...] = ()
    means: ImageStatistics | None = None
    limits: Mapping[str, tuple[Limits, Limits]] = field(default_factory=dict)
    clipped: float | None = None


class DriftWatch:
    """Watches the images of one camera; each call may come from any thread.

    Until `compare_with` names a network with calibration statistics, an image costs nothing.

    Args:
        settings: When the stream counts as drifted.
    """

    def __init__(self, settings: DriftSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._off = NO_MODEL
        self._images = 0
        self._monitor: DriftMonitor | None = None
        self._clipped_share: ClippedShare | None = None
        self._clipped: float | None = None
        self._sampler: PixelSampler | None = None
        self._kind: tuple[int, int, str] | None = None

    def compare_with(self, model: Model, input_name: str) -> None:
        """Compare with what a network was calibrated on, from now on.

        Args:
            model: The network.
            input_name: Name of its input tensor.
        """
        calibration = model.calibration
        with self._lock:
            self._monitor, self._clipped_share = None, None
            # The kind of the next image is judged anew, and what it comes to with it.
            self._clipped, self._kind = None, None
            self._off = _reason(calibration)
            if calibration is None or self._off:
                return
            self._images = len(calibration.images.names)
            spreads = calibration.images.spreads
            reference = {figure: spread.percentiles for figure, spread in spreads.items()}
            self._monitor = DriftMonitor(reference, self._settings)
            self._clipped_share = _clipped_share(model, calibration, input_name)

    def see(self, frame: Frame) -> None:
        """Take in an image; costs next to nothing where there is nothing to compare with.

        Args:
            frame: The camera image, in any encoding.
        """
        with self._lock:
            if self._monitor is None:
                return
            sampler = self._sampler_of(frame)
            if sampler is None:
                return
            pixels = sampler(frame)
            self._monitor.add(frame.stamp_ns, image_statistics(pixels))
            if self._clipped_share is not None:
                self._clipped = self._clipped_share(pixels)

    def adjust(self, settings: DriftSettings) -> None:
        """Use other settings from now on; what was warned of is forgotten."""
        with self._lock:
            if settings != self._settings:
                self._settings = settings
                if self._monitor is not None:
                    self._monitor.adjust(settings)

    def rest(self) -> None:
        """Forget the images seen so far."""
        with self._lock:
            self._clipped = None
            if self._monitor is not None:
                self._monitor.reset()

    def report(self) -> DriftReport:
        """What the comparison has come to."""
        with self._lock:
            if self._monitor is None:
                return DriftReport(self._off)
            return DriftReport(
                self._off,
                self._images,
                self._monitor.drifts,
                self._monitor.means,
                self._monitor.limits,
                self._clipped,
            )

    def _sampler_of(self, frame: Frame) -> PixelSampler | None:
        kind = (frame.height, frame.width, frame.encoding)
        if kind != self._kind:
            self._kind, self._off = kind, ""
            try:
                self._sampler = PixelSampler(*kind)
            except FrameError:
                # cv_bridge would have to convert all of it, which takes milliseconds.
                self._sampler = None
                self._off = f"images with the encoding {frame.encoding} are not sampled"
        return self._sampler


def _reason(calibration: Calibration | None) -> str:
    if calibration is None:
        return NO_STATISTICS
    spreads = calibration.images.spreads.values()
    return "" if all(spread.percentiles.is_whole for spread in spreads) else OLD_STATISTICS


def _clipped_share(model: Model, calibration: Calibration, input_name: str) -> ClippedShare | None:
    largest = calibration.ranges.get(input_name)
    if largest is None:
        return None
    return ClippedShare(model.input.mean, model.input.std, model.input.order, largest)
