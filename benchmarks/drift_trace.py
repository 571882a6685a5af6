"""Draws the drift monitor over a rendered drive: `python -m benchmarks.drift_trace`.

The monitor is given what a camera would send, frame by frame under stamps of its own. It compares
with days in other streets, as if a network had been calibrated on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation_node.core.drift import Drift, DriftMonitor, DriftSettings, Limits
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.image_statistics import ImageStatistics, image_statistics
from segmentation_node.core.percentiles import Percentiles
from segmentation_node.core.sampling import PixelSampler
from segmentation_node.drawing.chart import BAD, FAINT, INK, LINE, along_y, canvas, save
from segmentation_node.errors import SegmentationError
from segmentation_node.scenes import CONDITIONS, Drive

_ALARM = "#f3c6cb"
_LABELS = {
    "luminance": "mean luma",
    "contrast": "deviation of luma",
    "saturation": "mean saturation",
}
_DAY_FRAMES = 4


@dataclass(frozen=True)
class Moment:
    """The monitor after one frame.

    Args:
        time_s: Stamp of the frame, seconds since the first.
        frame: The frame's own figures.
        mean: The figures as they are compared.
        drifts: What is warned of.
    """

    time_s: float
    frame: ImageStatistics
    mean: ImageStatistics
    drifts: tuple[Drift, ...]


def day_reference(seeds: Sequence[int], size: NetworkSize) -> Mapping[str, Percentiles]:
    """The spread of the figures over rendered days.

    Args:
        seeds: Of the streets; each is seen by a camera of its own.
        size: Height and width of the images in pixels.
    """
    drives = (Drive(seed, size.height, size.width, "day", fps=0.2) for seed in seeds)
    days = [image_statistics(one.frame(index)[0]) for one in drives for index in range(_DAY_FRAMES)]
    return {figure: Percentiles.of([getattr(day, figure) for day in days]) for figure in _LABELS}


def trace(drive: Drive, frames: int, monitor: DriftMonitor) -> Iterator[Moment]:
    """Show a drive to a monitor.

    Args:
        drive: The drive.
        frames: How many frames of it.
        monitor: What it is shown to.
    """
    sampler = PixelSampler(drive.height, drive.width, "bgr8")
    for index in range(frames):
        image, _ = drive.frame(index)
        statistics = image_statistics(sampler(Frame.from_array(image)))
        monitor.add(int(index / drive.fps * 1e9), statistics)
        mean = monitor.means or statistics
        yield Moment(index / drive.fps, statistics, mean, monitor.drifts)


def draw(
    path: Path, moments: Sequence[Moment], limits: Mapping[str, tuple[Limits, Limits]], title: str
) -> None:
    """Draw a row for each figure; the file is replaced in one step.

    Args:
        path: The .png file.
        moments: The monitor after each frame.
        limits: Lower and upper limits of each figure.
        title: Stands above.

    Raises:
        OutputError: The file cannot be written.
    """
    figure = canvas(9, 8, title)
    rows = figure.subplots(len(limits), 1, sharex=True)
    for axes, (name, sides) in zip(rows, limits.items(), strict=True):
        _draw_row(axes, moments, name, sides)
    rows[-1].set_xlabel("time by the frames' stamps (s)", color=INK, fontsize=9)
    save(path, figure)


def _draw_row(
    axes: Any, moments: Sequence[Moment], name: str, sides: tuple[Limits, Limits]
) -> None:
    times = [moment.time_s for moment in moments]
    frames, means = ([getattr(getattr(m, of), name) for m in moments] for of in ("frame", "mean"))
    axes.plot(times, frames, color=FAINT, linewidth=0.9, label="each frame")
    axes.plot(times, means, color=LINE, linewidth=1.8, label="mean over the window")
    for index, side in enumerate(sides):
        axes.axhline(
            side.beyond, color=BAD, linewidth=1.1, label=None if index else "warned of beyond"
        )
        axes.axhline(
            side.inside,
            color=BAD,
            linewidth=0.9,
            linestyle=":",
            label=None if index else "back inside",
        )
        _shade(axes, moments, side.comparison)
    along_y(axes, _LABELS[name])
    axes.margins(x=0.01)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)


def _shade(axes: Any, moments: Sequence[Moment], comparison: str) -> None:
    """Colour the time in which it is warned of."""
    times = [moment.time_s for moment in moments]
    warned = [any(one.comparison == comparison for one in moment.drifts) for moment in moments]
    if any(warned):
        across = axes.get_xaxis_transform()
        axes.fill_between(
            times, 0, 1, warned, color=_ALARM, alpha=0.6, transform=across, label=comparison
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Render, watch and draw; print what was warned of, and since when."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("drift.png"))
    parser.add_argument("--condition", choices=CONDITIONS, default="day_to_night")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the drive")
    parser.add_argument("--fps", type=float, default=3.0)
    parser.add_argument("--size", type=NetworkSize.parse, default=NetworkSize(90, 160))
    parser.add_argument("--seed", type=int, default=7, help="of the drive")
    parser.add_argument("--days", type=int, default=12, help="other streets to compare with")
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except SegmentationError as error:
        parser.exit(2, f"{error}\n")
    return 0


def _run(options: argparse.Namespace) -> None:
    size = options.size
    drive = Drive(
        options.seed, size.height, size.width, options.condition, options.fps, options.seconds
    )
    reference = day_reference([1000 + index for index in range(options.days)], size)
    monitor = DriftMonitor(reference, DriftSettings())
    moments = list(trace(drive, int(options.seconds * options.fps), monitor))
    for row in _changes(moments):
        print(row)
    images = options.days * _DAY_FRAMES
    title = f"Drift over a rendered drive ({options.condition}), beside {images} rendered days"
    draw(options.output, moments, monitor.limits, title)


def _changes(moments: Sequence[Moment]) -> Iterator[str]:
    before: set[str] = set()
    for moment in moments:
        now = {drift.comparison for drift in moment.drifts}
        for drift in moment.drifts:
            if drift.comparison not in before:
                yield f"{moment.time_s:6.1f} s: {drift}"
        for ended in sorted(before - now):
            yield f"{moment.time_s:6.1f} s: no longer {ended}"
        before = now


if __name__ == "__main__":
    raise SystemExit(main())
