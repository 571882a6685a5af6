"""Which part of a camera image is segmented, and what its results look like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segmentation_node.core.class_map import ChannelIds, ClassMap, load_class_map
from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, fit
from segmentation_node.core.label_set import LabelSet
from segmentation_node.core.palette import Palette, load_palette
from segmentation_node.core.region import Region
from segmentation_node.core.window import Window, at_network_size
from segmentation_node.errors import ConfigError

OUTPUT_SIZES = ("camera", "network")
"""Results at the camera image's size, or at that of the network's input without its padding."""


@dataclass(frozen=True, eq=False)
class View:
    """What of the camera image is looked at, and at what size and in which classes it is shown.

    Args:
        region: The part of the image that is segmented; all of it where None.
        output_size: `camera`: results have the image's size, and no class outside the region;
            `network`: they show what the network has seen, in pixels of its input.
        class_map: Which classes are merged; the network's own where None.
        palette: Colours of these classes; their own where None.
    """

    region: Region | None = None
    output_size: str = "camera"
    class_map: ClassMap | None = None
    palette: Palette | None = None

    def __post_init__(self) -> None:
        if self.output_size not in OUTPUT_SIZES:
            raise ConfigError(
                received=f"output_size: {self.output_size!r}",
                expected="one of " + ", ".join(OUTPUT_SIZES),
                fix="correct output_size",
            )

    @classmethod
    def parse(
        cls,
        roi: str = "",
        output_size: str = "camera",
        class_map: str | Path = "",
        palette: str | Path = "",
    ) -> View:
        """Make a view of what parameters and command lines say.

        Args:
            roi: `x,y,width,height` in pixels or fractions; empty for the whole image.
            output_size: `camera` or `network`.
            class_map: Name of a shipped map or path of a .yaml file; empty for none.
            palette: Path of a .yaml file; empty for the classes' own colours.

        Raises:
            ConfigError: One of them is faulty; the message says which.
        """
        return cls(
            region=Region.parse(roi) if roi.strip() else None,
            output_size=output_size,
            class_map=load_class_map(class_map) if str(class_map).strip() else None,
            palette=load_palette(palette) if str(palette).strip() else None,
        )

    def fit(self, mode: FitMode, height: int, width: int, network: NetworkSize) -> Fit:
        """Fit the seen part of a camera image to the network.

        Args:
            mode: How to fit.
            height: Pixels of the camera image.
            width: Pixels of the camera image.
            network: Size of the network's input.

        Raises:
            FrameError: The image does not hold the region.
        """
        region = None if self.region is None else self.region.rectangle(height, width)
        return fit(mode, height, width, network, region)

    def window(self, mode: FitMode, height: int, width: int, network: NetworkSize) -> Window:
        """How results lie on camera images of a size, and how large they are; see `fit`."""
        fitted = self.fit(mode, height, width, network)
        return Window.of(fitted, self.of_result(fitted))

    def of_result(self, fitted: Fit) -> Fit:
        """The same fit in pixels of the result."""
        return fitted if self.output_size == "camera" else at_network_size(fitted)

    def labels(self, labels: LabelSet) -> LabelSet:
        """What label images hold: the merged classes, or those of the network.

        Raises:
            ConfigError: The palette is for other classes; the message names them.
        """
        shown = labels if self.class_map is None else self.class_map.labels
        return shown if self.palette is None else self.palette.recolored(shown)

    def channel_ids(self, labels: LabelSet) -> ChannelIds:
        """What label images hold for each channel of a network.

        Args:
            labels: The network's own labels.

        Raises:
            ConfigError: The class map is for another network; the message names the class.
        """
        return labels if self.class_map is None else self.class_map.ids_for(labels)

    def check(self, labels: LabelSet) -> None:
        """Check that it is for a network.

        Args:
            labels: The network's own labels.

        Raises:
            ConfigError: The class map or the palette is for another one; the message names classes.
        """
        self.channel_ids(labels)
        self.labels(labels)

    def image_to_hold(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an image at least as large that holds the region."""
        return (height, width) if self.region is None else self.region.image_to_hold(height, width)
