"""Data sets of images with a label for every pixel, each read from its own layout on disk.

A reader lists files and opens none; images are read one at a time, when they are asked for.
"""

from segmentation_node.datasets.camvid import CAMVID_SPLITS, camvid
from segmentation_node.datasets.cityscapes import cityscapes, cityscapes19
from segmentation_node.datasets.folder import folder
from segmentation_node.datasets.formats import (
    AUTO,
    FORMATS,
    Format,
    checked_dataset,
    dataset,
)
from segmentation_node.datasets.label_check import check_labels
from segmentation_node.datasets.rendered import rendered
from segmentation_node.datasets.sample import Dataset, Sample, hold_out

__all__ = [
    "AUTO",
    "CAMVID_SPLITS",
    "FORMATS",
    "Dataset",
    "Format",
    "Sample",
    "camvid",
    "check_labels",
    "checked_dataset",
    "cityscapes",
    "cityscapes19",
    "dataset",
    "folder",
    "hold_out",
    "rendered",
]
