"""What the paper and the article print, figure by figure, to compare with and to check.

Nothing here was measured by this package. Each constant names the table or section that it is
copied from, misprints and all; `bench.errata` recomputes what can be derived from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

NETWORKS = ("FCN-8s", "FCN-16s", "FCN-32s")
DEVICES = ("desktop", "laptop", "Jetson TX1")


@dataclass(frozen=True)
class PrintedLayer:
    """A row of the paper's table 1 or 2.

    Args:
        name: As printed.
        shape: (height, width, channels) of its activations.
        kernel: (height, width, channels) of a filter as its formula has it; None without weights.
        arrays: How many such activations it counts.
    """

    name: str
    shape: tuple[int, int, int]
    kernel: tuple[int, int, int] | None = None
    arrays: int = 1

    @property
    def activations(self) -> int:
        """Numbers."""
        return self.arrays * prod(self.shape)

    def parameters(self, kernel: tuple[int, int, int] | None = None) -> int:
        """Weights and biases by the printed formula, or with another kernel in it."""
        used = kernel or self.kernel
        return 0 if used is None else (prod(used) + 1) * self.shape[2]


TABLE_1 = (
    PrintedLayer("Conv11", (256, 512, 64), (3, 3, 3)),
    PrintedLayer("Conv12", (256, 512, 64), (3, 3, 3)),
    PrintedLayer("Pool1", (128, 256, 64)),
    PrintedLayer("Conv21", (128, 256, 128), (3, 3, 64)),
    PrintedLayer("Conv22", (128, 256, 128), (3, 3, 64)),
    PrintedLayer("Pool2", (64, 128, 128)),
    PrintedLayer("Conv31", (64, 128, 256), (3, 3, 128)),
    PrintedLayer("Conv32", (64, 128, 256), (3, 3, 128)),
    PrintedLayer("Conv33", (64, 128, 256), (3, 3, 128)),
    PrintedLayer("Pool4", (32, 64, 256)),
    PrintedLayer("Conv41", (32, 64, 512), (3, 3, 256)),
    PrintedLayer("Conv42", (32, 64, 512), (3, 3, 256)),
    PrintedLayer("Conv43", (32, 64, 512), (3, 3, 256)),
    PrintedLayer("Pool4", (16, 32, 512)),
    PrintedLayer("Conv51", (16, 32, 512), (3, 3, 512)),
    PrintedLayer("Conv52", (16, 32, 512), (3, 3, 512)),
    PrintedLayer("Conv53", (16, 32, 512), (3, 3, 512)),
    PrintedLayer("Pool5", (8, 16, 512)),
    PrintedLayer("Conv6", (8, 16, 4096), (1, 1, 512)),
    PrintedLayer("Conv7", (8, 16, 4096), (1, 1, 4096)),
    PrintedLayer("Conv1by1", (8, 16, 35), (1, 1, 4096)),
)
"""The encoder, for an input of 256x512."""

TABLE_2 = (
    PrintedLayer("up4", (16, 32, 512), (4, 4, 35)),
    PrintedLayer("skip4", (16, 32, 512), arrays=2),
    PrintedLayer("up3", (32, 64, 256), (4, 4, 512)),
    PrintedLayer("skip3", (32, 64, 256), arrays=2),
    PrintedLayer("output", (256, 512, 35), (16, 16, 256)),
)
"""The decoder of FCN-8s."""

INPUT_SIZE = (256, 512)
CLASSES = 35
TABLE_1_MB = MappingProxyType({"activations": 154.0, "parameters": 128.0})
TABLE_2_MB = MappingProxyType({"activations": 17.5, "parameters": 8.75})
"""Rows "Total Memory"."""

TABLE_3 = MappingProxyType(
    {
        "flat": 4,
        "human": 2,
        "vehicle": 8,
        "construction": 6,
        "object": 4,
        "nature": 2,
        "sky": 1,
        "void": 3,
    }
)
"""Classes listed in each group of Cityscapes."""

SECTION_4_3_2 = MappingProxyType(
    {"activations_mb": 170, "passes": 2, "parameters_mb": 135, "copies": 4, "total_gb": 1}
)
"""The memory of one image in training."""

SECTION_5_2_MIOU = MappingProxyType(dict(zip(NETWORKS, (0.421, 0.461, 0.241), strict=True)))
"""Mean IoU of the classes, in the text; the conclusion repeats it."""

SECTION_5_2_LOWER_PERCENT = (15, 20)
"""How much lower the results are said to be than those of table 8."""

_CLASSES = (
    "road sidewalk building wall fence pole traffic_light traffic_sign vegetation terrain sky "
    "person rider car truck bus train motorcycle bicycle"
)
# fmt: off
_TABLE_6 = (
    (0.94, 0.635, 0.809, 0.238, 0.195, 0.171, 0.111, 0.295, 0.841, 0.453,
     0.870, 0.464, 0.035, 0.832, 0.203, 0.360, 0.177, 0.061, 0.452),
    (0.942, 0.657, 0.811, 0.209, 0.201, 0.213, 0.159, 0.356, 0.836, 0.447,
     0.865, 0.486, 0.166, 0.837, 0.330, 0.453, 0.221, 0.120, 0.443),
    (0.918, 0.505, 0.726, 0.0, 0.0, 0.0, 0.0, 0.0, 0.738, 0.233,
     0.770, 0.016, 0.0, 0.683, 0.0, 0.0, 0.0, 0.0, 0.0),
)
# fmt: on
_TABLE_6_AVERAGE = (0.428, 0.461, 0.241)
_TABLE_7 = (
    (0.792, 0.935, 0.457, 0.835, 0.206, 0.779, 0.870),
    (0.797, 0.936, 0.484, 0.833, 0.258, 0.790, 0.865),
    (0.702, 0.908, 0.014, 0.726, 0.0, 0.610, 0.770),
)
_TABLE_7_AVERAGE = (0.696, 0.709, 0.533)
_CATEGORIES = ("construction", "flat", "human", "nature", "object", "vehicle", "sky")


def _scores(index: int) -> MappingProxyType[str, Any]:
    names = [name.replace("_", " ") for name in _CLASSES.split()]
    return MappingProxyType(
        {
            "miou": _TABLE_6_AVERAGE[index],
            "per_class": dict(zip(names, _TABLE_6[index], strict=True)),
            "category_miou": _TABLE_7_AVERAGE[index],
            "per_category": dict(zip(_CATEGORIES, _TABLE_7[index], strict=True)),
        }
    )


SCORES = MappingProxyType({name: _scores(index) for index, name in enumerate(NETWORKS)})
"""Tables 6 and 7: IoU on the validation set of Cityscapes, 256x512, scaled up by nearest."""

TABLE_8 = MappingProxyType({"SqueezeNet based network": 0.598, "ENet": 0.583})
"""Mean IoU of others on the test set of Cityscapes."""

TABLE_10_MB = MappingProxyType(dict(zip(NETWORKS, (153.715, 154.497, 140.013), strict=True)))
TABLE_10_QUANTIZED_MB = MappingProxyType(dict(zip(NETWORKS, (38.481, 38.673, 35.048), strict=True)))
TABLE_10_NO_IDENTITIES_MB = MappingProxyType(
    dict(zip(NETWORKS, (153.709, 154.493, 140.008), strict=True))
)
"""Sizes of the frozen models: as they are, with 8-bit weights, without Identity nodes."""

TABLE_10_MERGED_MB = MappingProxyType(dict(zip(NETWORKS, (153.710, 154.494, 140.010), strict=True)))
"""Row "merge duplicate nodes"."""

TABLE_10_FOLDED_MB = TABLE_10_MB
"""Rows "fold constants", "fold batch norms" and "fuse resize and conv": as printed, no change."""

TABLE_10_ALL_MB = MappingProxyType(dict(zip(NETWORKS, (38.467, 38.670, 35.039), strict=True)))
"""Row "All Optimizations"."""

TABLE_11_BASELINE_MS = MappingProxyType({"desktop": (26, 24, 23), "laptop": (75, 69, 64)})
TABLE_11_QUANTIZED_MS = MappingProxyType(
    {"desktop": (60, 60, 56), "laptop": (95, 90, 82), "Jetson TX1": (760, 772, 714)}
)
"""Inference of FCN-8s, FCN-16s and FCN-32s, ms; the Jetson had no memory for the baseline."""

TABLE_12_BASELINE_MS = MappingProxyType({"desktop": 26, "laptop": 75})
TABLE_12_TENSORRT_MS = MappingProxyType({"desktop": 9, "laptop": 34, "Jetson TX1": 460})
"""Inference of FCN-8s, ms."""

TABLE_13 = MappingProxyType(
    {"desktop": (35.27, 0.134), "laptop": (22.65, 0.326), "Jetson TX1": (4.16, 0.810)}
)
"""Average power, W, and energy for the test set, W-hr."""

TEST_IMAGES = 1525
SECTION_5_3_SPEEDS = (13, 1.5, 1)
SECTION_5_3_CORES = (20, 3, 1)
SECTION_5_3_SLOWER = 2
SECTION_5_4_REDUCTION_PERCENT = MappingProxyType({"desktop": 33, "laptop": 50})
SECTION_5_5_SPEEDS = (51, 4, 1)
SECTION_5_5_IMAGES_PER_ENERGY = (6, 2.5, 1)
"""Claims of the text, derived from the tables; threes are desktop, laptop and Jetson TX1."""


@dataclass(frozen=True)
class ArticleRow:
    """A row of the article's table: FCN-AlexNet on frames of 1280x720.

    Args:
        platform: The machine.
        precision: As printed.
        weights_mb: Memory of the weights, "about".
        latency_ms: Of one inference, "about".
        fps: Frames per second, "approx".
        printed: Weights, latency, frames and loss of mIoU as they stand there, "~" and all.
    """

    platform: str
    precision: str
    weights_mb: float
    latency_ms: float
    fps: float
    printed: tuple[str, str, str, str]


_TX2, _PX2 = "Jetson TX2", "Drive PX2 (dGPU)"

ARTICLE = (
    ArticleRow(_TX2, "FP32", 240, 85, 11, ("~240 MB", "~85 ms", "11 FPS", "Baseline")),
    ArticleRow(_TX2, "FP16", 120, 45, 22, ("~120 MB", "~45 ms", "22 FPS", "< 0.1%")),
    ArticleRow(_PX2, "FP32", 240, 40, 25, ("~240 MB", "~40 ms", "25 FPS", "Baseline")),
    ArticleRow(_PX2, "INT8", 60, 12, 80, ("~60 MB", "~12 ms", "80+ FPS", "~0.8% - 1.2%")),
)
