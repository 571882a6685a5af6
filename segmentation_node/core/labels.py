"""The label sets by name: CamVid and Cityscapes are built in, any other comes from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from segmentation_node.core.label_set import NO_CLASS, Label, LabelSet
from segmentation_node.errors import ConfigError, meant
from segmentation_node.fields import Fields, read_yaml

__all__ = [
    "CAMVID_11",
    "CITYSCAPES_19",
    "CITYSCAPES_35",
    "CITYSCAPES_ALL",
    "CITYSCAPES_CATEGORIES",
    "LABEL_SETS",
    "NO_CLASS",
    "Label",
    "LabelSet",
    "label_set",
    "read_label_set",
]

# Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", 2016; ids, train
# ids, categories, ignoreInEval and colours as in the data set's own evaluation scripts.
_CITYSCAPES = (
    # id, train id, name, category, colour (RGB); without a train id a label is ignored in scores
    (0, None, "unlabeled", "void", (0, 0, 0)),
    (1, None, "ego vehicle", "void", (0, 0, 0)),
    (2, None, "rectification border", "void", (0, 0, 0)),
    (3, None, "out of roi", "void", (0, 0, 0)),
    (4, None, "static", "void", (0, 0, 0)),
    (5, None, "dynamic", "void", (111, 74, 0)),
    (6, None, "ground", "void", (81, 0, 81)),
    (7, 0, "road", "flat", (128, 64, 128)),
    (8, 1, "sidewalk", "flat", (244, 35, 232)),
    (9, None, "parking", "flat", (250, 170, 160)),
    (10, None, "rail track", "flat", (230, 150, 140)),
    (11, 2, "building", "construction", (70, 70, 70)),
    (12, 3, "wall", "construction", (102, 102, 156)),
    (13, 4, "fence", "construction", (190, 153, 153)),
    (14, None, "guard rail", "construction", (180, 165, 180)),
    (15, None, "bridge", "construction", (150, 100, 100)),
    (16, None, "tunnel", "construction", (150, 120, 90)),
    (17, 5, "pole", "object", (153, 153, 153)),
    (18, None, "polegroup", "object", (153, 153, 153)),
    (19, 6, "traffic light", "object", (250, 170, 30)),
    (20, 7, "traffic sign", "object", (220, 220, 0)),
    (21, 8, "vegetation", "nature", (107, 142, 35)),
    (22, 9, "terrain", "nature", (152, 251, 152)),
    (23, 10, "sky", "sky", (70, 130, 180)),
    (24, 11, "person", "human", (220, 20, 60)),
    (25, 12, "rider", "human", (255, 0, 0)),
    (26, 13, "car", "vehicle", (0, 0, 142)),
    (27, 14, "truck", "vehicle", (0, 0, 70)),
    (28, 15, "bus", "vehicle", (0, 60, 100)),
    (29, None, "caravan", "vehicle", (0, 0, 90)),
    (30, None, "trailer", "vehicle", (0, 0, 110)),
    (31, 16, "train", "vehicle", (0, 80, 100)),
    (32, 17, "motorcycle", "vehicle", (0, 0, 230)),
    (33, 18, "bicycle", "vehicle", (119, 11, 32)),
    (-1, None, "license plate", "vehicle", (0, 0, 142)),
)

CITYSCAPES_35 = LabelSet(
    "cityscapes35",
    tuple(
        Label(label_id, name, color, category, ignored=train_id is None, train_id=train_id)
        for label_id, train_id, name, category, color in _CITYSCAPES
    ),
)
"""All 35 Cityscapes labels by label id; 19 of them have a channel, by train id."""

CITYSCAPES_ALL = LabelSet(
    "cityscapes_all",
    tuple(replace(label, train_id=channel) for channel, label in enumerate(CITYSCAPES_35.labels)),
)
"""The same labels, each with a channel of its own: channel i for id i, and 34 for id -1.

Networks that are to tell all labels apart, as the paper's do, have these; the same 19 are scored.
"""

CITYSCAPES_19 = LabelSet(
    "cityscapes19",
    (
        *(
            Label(train_id, name, color, category)
            for _, train_id, name, category, color in _CITYSCAPES
            if train_id is not None
        ),
        Label(255, "unlabeled", (0, 0, 0), "void", ignored=True),
    ),
)
"""The 19 classes that Cityscapes scores, by train id; 255 is everything else."""

# The data set gives its categories no colours: each has the colour of its best known class.
CITYSCAPES_CATEGORIES = LabelSet(
    "cityscapes_categories",
    (
        Label(0, "void", (0, 0, 0), "void", ignored=True),
        Label(1, "flat", (128, 64, 128), "flat"),
        Label(2, "construction", (70, 70, 70), "construction"),
        Label(3, "object", (220, 220, 0), "object"),
        Label(4, "nature", (107, 142, 35), "nature"),
        Label(5, "sky", (70, 130, 180), "sky"),
        Label(6, "human", (220, 20, 60), "human"),
        Label(7, "vehicle", (0, 0, 142), "vehicle"),
    ),
)
"""The 8 Cityscapes categories by category id; `void` is ignored."""

# Brostow, Fauqueur, Cipolla, "Semantic object classes in video", 2009, in the 11 classes and the
# colours of Badrinarayanan, Kendall, Cipolla, "SegNet", 2015. CamVid itself has no categories:
# these are Cityscapes' names for the same groups.
CAMVID_11 = LabelSet(
    "camvid11",
    (
        Label(0, "Sky", (128, 128, 128), "sky"),
        Label(1, "Building", (128, 0, 0), "construction"),
        Label(2, "Pole", (192, 192, 128), "object"),
        Label(3, "Road", (128, 64, 128), "flat"),
        Label(4, "Pavement", (60, 40, 222), "flat"),
        Label(5, "Tree", (128, 128, 0), "nature"),
        Label(6, "SignSymbol", (192, 128, 128), "object"),
        Label(7, "Fence", (64, 64, 128), "construction"),
        Label(8, "Car", (64, 0, 128), "vehicle"),
        Label(9, "Pedestrian", (64, 64, 0), "human"),
        Label(10, "Bicyclist", (0, 128, 192), "human"),
        Label(11, "Unlabelled", (0, 0, 0), "void", ignored=True),
    ),
)
"""The 11 classes of CamVid and its unlabelled pixels."""

_BUILT_IN = (CAMVID_11, CITYSCAPES_35, CITYSCAPES_ALL, CITYSCAPES_19, CITYSCAPES_CATEGORIES)
LABEL_SETS = MappingProxyType({labels.name: labels for labels in _BUILT_IN})
"""The built-in label sets by name."""


def label_set(name_or_path: str | Path) -> LabelSet:
    """A built-in label set by its name, or one read from a YAML file.

    Args:
        name_or_path: `camvid11`, `cityscapes35`, `cityscapes_all`, `cityscapes19`,
            `cityscapes_categories`, or the path of a .yaml file.

    Raises:
        ConfigError: No such set or file, or the file is faulty.
    """
    text = str(name_or_path)
    if text in LABEL_SETS:
        return LABEL_SETS[text]
    path = Path(text)
    if path.suffix in {".yaml", ".yml"}:
        return LabelSet.from_mapping(read_yaml(path), where=path.name)
    raise ConfigError(
        received=f"the label set {text!r}",
        expected="one of " + ", ".join(LABEL_SETS) + ", or the path of a .yaml file",
        fix=meant(text, LABEL_SETS, "choose one, or describe your labels in a YAML file"),
    )


def read_label_set(fields: Fields, key: str, folder: Path) -> LabelSet:
    """The label set at a key of a YAML file.

    Args:
        fields: The file.
        key: Where it stands: the name of a built-in set, or of a .yaml file, or a mapping.
        folder: Where a .yaml file lies.

    Raises:
        SegmentationError: There is none, or it is faulty.
    """
    value = fields.raw(key)
    if isinstance(value, Mapping):
        return LabelSet.from_mapping(value, fields.path(key))
    if not isinstance(value, str):
        fields.fail(key, "the name of a label set, or its name and classes")
    is_file = Path(value).suffix in {".yaml", ".yml"}
    return label_set(folder / value if is_file else value)
