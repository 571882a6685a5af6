from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.image_statistics import ImageStatistics
from segmentation_node.media.images import list_images, read_image
from segmentation_node.quantize.coverage import (
    Coverage,
    ImageFigures,
    figures_of,
    gaps,
)
from segmentation_node.quantize.images import ImageSet
from segmentation_node.scenes.drive import render_still

CAMVID_CONDITIONS = {"0001TP": "dusk", "0006R0": "day", "0016E5": "day"}


def grey(value):
    return np.full((4, 6, 3), value, np.uint8)


def of_lumas(*lumas):
    lights = (ImageStatistics(luma, 1.0, 1.0) for luma in lumas)
    return Coverage(tuple(ImageFigures("drive", light) for light in lights))


@pytest.mark.parametrize(
    ("luma", "condition"), [(20, "night"), (42, "night"), (43, "dusk"), (69, "dusk"), (70, "day")]
)
def test_the_light_is_told_from_the_mean_luma(luma, condition):
    assert figures_of(grey(luma)).condition == condition


def test_figures_of_an_image():
    image = grey(0)
    image[:2] = (0, 0, 200)  # red above, black below
    figures = figures_of(image, "drive")
    assert (figures.sequence, figures.condition) == ("drive", "night")
    assert figures.light.luminance == pytest.approx(30, abs=1)  # 0.299 of 200, on half of it


def test_a_set_is_counted_by_condition_and_sequence(photos):
    coverage = Coverage.of(ImageSet.read([photos]))
    assert coverage.conditions() == {"day": 6, "dusk": 2, "night": 0}
    assert coverage.sequences() == {"drive": 6, "evening": 2}
    assert str(coverage).startswith("8 images of 2 sequences: 6 day, 2 dusk, 0 night; mean luma 1")


def test_a_condition_of_the_reference_alone_is_warned_of_with_figures():
    (warning,) = gaps(of_lumas(*[100] * 9, 60), of_lumas(20, 24, 100, 60))
    assert warning.startswith("no night in the calibration set: 0 of its 10 images, but 2 of the ")
    assert "reference's 4 (mean luma 22)" in warning


def test_a_few_dark_images_among_many_do_not_count_as_night():
    assert gaps(of_lumas(100), of_lumas(*[100] * 99, 30)) == []
    assert len(gaps(of_lumas(*[100] * 199, 30), of_lumas(100, 30))) == 1


def test_equal_sets_lack_nothing():
    same = of_lumas(10, 60, 100)
    assert gaps(same, same) == []


def test_the_summary_for_the_sidecar(photos):
    images = ImageSet.read([photos])
    summary = Coverage.of(images).summary([path.name for path in images.paths], "0" * 64)
    assert len(summary.names) == 8
    low, high = (summary.luminance.percentiles.at(percent) for percent in (5, 95))
    assert low < summary.luminance.mean < high
    assert all(spread.percentiles.is_whole for spread in summary.spreads.values())


def lumas_of(images):
    return np.array([figures_of(image).light.luminance for image in images])


def conditions(images):
    return [figures_of(image).condition for image in images]


def test_drives_of_camvid_are_told_apart(camvid):
    found = {"day": [], "dusk": []}
    for path in list_images(camvid / "train" / "images")[::8]:
        told = CAMVID_CONDITIONS[path.stem.split("_")[0]]
        found[told] += conditions([read_image(path)])
    assert len(found["dusk"]) >= 5
    for told, each in found.items():
        assert each.count(told) >= 0.85 * len(each)


def test_rendered_nights_are_nights():
    found = conditions(render_still(seed, 90, 160, "night")[0] for seed in range(1, 6))
    assert found.count("night") >= 3
