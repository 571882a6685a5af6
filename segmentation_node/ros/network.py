"""The network as a node has it loaded: one engine, and a view on it for each camera."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from segmentation_node.cameras import cameras_of
from segmentation_node.config import NodeConfig, PipelineConfig
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.labels import LabelSet
from segmentation_node.engines import BuildWatch, check_engine
from segmentation_node.engines.tensorrt_request import LARGEST_BATCH
from segmentation_node.errors import ConfigError
from segmentation_node.model import load_model
from segmentation_node.pipeline.segmenter import Segmenter
from segmentation_node.pipeline.size_choice import choose_by_trial
from segmentation_node.pipeline.size_trial import SizeTrial
from segmentation_node.pipeline.together import warm_up_together
from segmentation_node.pipeline.view import View

WARM_UP_SIZE = (720, 1280)
"""Height and width of the image to warm up with while those of the camera are not known."""

ImageSizes = Sequence[tuple[int, int] | None]
"""Height and width in pixels of each camera's images; None where they are not known."""

_MAPPED = {"auto": None, "mapped": True, "copied": False}

_log = logging.getLogger("segmentation_node")


class Network:
    """A network that is loaded and warm; it serves one thread at a time, which closes it.

    Args:
        segmenters: One for each camera, all on the same engine.
        size_reason: Why it has its size; empty where it was asked for.
        batch: Of how many cameras images were to be computed together.
    """

    def __init__(
        self, segmenters: Sequence[Segmenter], size_reason: str = "", batch: int = 1
    ) -> None:
        self.segmenters = tuple(segmenters)
        """One for each camera, in the order of the parameter image_topics."""
        self._size_reason = size_reason
        self._batch = batch

    @classmethod
    def load(
        cls, config: NodeConfig, image_sizes: ImageSizes, watch: BuildWatch | None = None
    ) -> Network:
        """Load a network and run it for each camera, so that no first frame is slow.

        Args:
            config: The node's parameters.
            image_sizes: Those of the images to come.
            watch: Follows the building of engines, and can end it.

        Raises:
            ModelError: The model is missing or damaged, or cannot run at that size.
            EngineError: No engine can run it as asked.
            ConfigError: A region, the class map or the palette does not fit.
        """
        first, *others = _views(config)
        size, reason = config.network_size, ""
        if size == "auto":
            largest, reason = _largest_size(config, first, image_sizes, watch)
            size = str(largest)
        batch = _batch(config, len(others) + 1)
        if config.network_size not in {"auto", "default"}:
            _warn_of_size_across(NetworkSize.parse(size), image_sizes)
        segmenter = Segmenter.load(
            config.model,
            engine=config.engine,
            precision=config.precision,
            network_size=size,
            view=first,
            watch=watch,
            mapped=_MAPPED[config.gpu_memory],
            batch=batch,
        )
        try:
            network = cls([segmenter, *map(segmenter.beside, others)], reason, batch)
            network._warm_up(image_sizes)
        except BaseException:
            # What is not handed over is closed here, so that the next attempt finds its memory.
            segmenter.close()
            raise
        return network

    def _warm_up(self, image_sizes: ImageSizes) -> None:
        for one, image_size in zip(self.segmenters, image_sizes, strict=True):
            one.warm_up(*(image_size or WARM_UP_SIZE))
        together = min(self.segmenters[0].batch, len(self.segmenters))
        if together > 1:
            sizes = [size or WARM_UP_SIZE for size in image_sizes]
            warm_up_together(self.segmenters[:together], sizes[:together])

    @property
    def labels(self) -> LabelSet:
        """What label images hold, those of every camera."""
        return self.segmenters[0].labels

    @property
    def trouble(self) -> str:
        """Why it is not known to label as it should; empty where it is."""
        return self.segmenters[0].trouble

    @property
    def facts(self) -> Mapping[str, object]:
        """What is really in use, for the log and the diagnostics."""
        segmenter = self.segmenters[0]
        on_gpu = {"launches": segmenter.launches, "gpu_memory": segmenter.gpu_memory}
        if segmenter.launches and self._batch > 1:
            on_gpu["batch"] = _batch_in_words(segmenter.batch)
        return {
            **{key: value for key, value in on_gpu.items() if value},
            "model": segmenter.model.name,
            "engine": segmenter.engine_name,
            "device": segmenter.device,
            "precision": segmenter.precision,
            "network_size": str(segmenter.network_size),
            "network_size_reason": self._size_reason or "as asked",
            "labels": segmenter.labels.name,
        }

    def close(self) -> None:
        """Free the engine; closing twice does nothing."""
        for one in self.segmenters:
            one.close()


def check_network(
    config: NodeConfig, image_sizes: Mapping[str, tuple[int, int]] | None = None
) -> None:
    """Find what can be found without loading a network, in milliseconds.

    Args:
        config: The node's parameters.
        image_sizes: Height and width in pixels of the latest images by their topic as configured,
            where any have come.

    Raises:
        ModelError: The model or its sidecar is missing or faulty, or cannot run at that size.
        ConfigError: A region, the class map or the palette does not fit.
        EngineError: The engine or the precision is not to be had here.
    """
    model = load_model(config.model)
    check_engine(model, config.engine, config.precision)
    if config.network_size not in {"default", "auto"}:
        model.check_size(NetworkSize.parse(config.network_size))
    for camera, view in zip(cameras_of(config), _views(config), strict=True):
        view.check(model.labels)
        topic = camera.config.input_topic
        if image_sizes is not None and topic in image_sizes:
            _refuse_region_outside(view, topic, *image_sizes[topic])


def changes(before: PipelineConfig, after: PipelineConfig) -> str:
    """What differs, such as `model rendered, network_size 256x512`."""
    old, new = vars(before), vars(after)
    return ", ".join(f"{name} {new[name] or 'none'}" for name in new if new[name] != old[name])


def _batch(config: NodeConfig, cameras: int) -> int:
    """Of how many cameras images are to be computed together, where that can be."""
    return min(cameras, LARGEST_BATCH) if config.batch_tolerance_ms else 1


def _batch_in_words(batch: int) -> str:
    if batch > 1:
        return f"up to {batch} cameras together"
    return "cameras in turns: a layer of the network fixes the batch"


def _views(config: NodeConfig) -> list[View]:
    return [
        View.parse(camera.config.roi, config.output_size, config.class_map, config.palette)
        for camera in cameras_of(config)
    ]


def _warn_of_size_across(size: NetworkSize, image_sizes: ImageSizes) -> None:
    """Ask once about 1280x720, which many write for 720 high, 1280 wide."""
    across = [one for one in image_sizes if size.lies_across(*(one or WARM_UP_SIZE))]
    if across:
        images = "images that are wider than high, as most cameras' are"
        if across[0] is not None:
            images = "the shape of the camera's images, {} high, {} wide".format(*across[0])
        turned = NetworkSize(size.width, size.height)
        _log.warning(
            f"received network_size {size}, which is {size.in_words}; expected {images}; "
            f"fix: write {turned} if {turned.in_words} is meant"
        )


def _refuse_region_outside(view: View, topic: str, height: int, width: int) -> None:
    region = view.region
    if region is not None and not region.rectangle(height, width).lies_in(height, width):
        raise ConfigError(
            received=f"roi: {region} for {topic}, whose images are {width} pixels wide and "
            f"{height} high",
            expected="x,y,width,height inside the image",
            fix="correct roi, or give it in fractions of the image",
        )


def _largest_size(
    config: NodeConfig, view: View, image_sizes: ImageSizes, watch: BuildWatch | None
) -> tuple[NetworkSize, str]:
    """The size that holds the rate of all cameras together, and why."""
    model = load_model(config.model)
    # The ROS graph tells neither the size nor the rate of images that nobody subscribed to.
    known = [size for size in image_sizes if size is not None]
    image_size = max(known, key=lambda size: size[0] * size[1], default=WARM_UP_SIZE)
    mapped = _MAPPED[config.gpu_memory]
    trial = SizeTrial(model, image_size, view, config.engine, config.precision, watch, mapped)
    rate_hz = min(config.target_rate_hz, config.rate_limit or config.target_rate_hz)
    choice = choose_by_trial(model.sizes, rate_hz * len(image_sizes), trial)
    reason = "{}; on images {} high, {} wide ({})".format(
        choice.reason, *image_size, "the camera's" if known else "the camera's are not known yet"
    )
    if len(image_sizes) > 1:
        reason += f"; {rate_hz:g} Hz from each of {len(image_sizes)} cameras"
    level = logging.INFO if choice.holds else logging.WARNING
    _log.log(level, "network_size auto: %s", reason)
    return choice.timing.size, reason
