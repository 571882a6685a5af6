"""How to load a segmenter, in plain words: another process or machine can do the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from segmentation_node.engines.cache import model_sha256
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter
from segmentation_node.pipeline.threads import limit_threads
from segmentation_node.pipeline.view import View


@dataclass(frozen=True)
class Opening:
    """What `Segmenter.load` is to be given.

    Attributes:
        model: Name of a shipped model, or path of an .onnx file.
        engine: Name of the runtime.
        precision: `auto`, or the precision.
        network_size: `default`, or height x width.
        roi: The part of the image that is segmented; all of it where empty.
        output_size: `camera` or `network`.
        class_map: Name or path of a class map; none where empty.
        threads: Threads for the network and for images; those of the machine where 0.
    """

    model: str = "camvid"
    engine: str = "auto"
    precision: str = "auto"
    network_size: str = "default"
    roi: str = ""
    output_size: str = "camera"
    class_map: str = ""
    threads: int = 0

    @property
    def view(self) -> View:
        """What is seen of the images, and what results look like.

        Raises:
            ConfigError: A part of it is faulty.
        """
        return View.parse(self.roi, self.output_size, self.class_map)

    def check(self) -> None:
        """Find faults that would otherwise be found in every process anew.

        Raises:
            ModelError: There is no such model, or it is faulty.
            ConfigError: The view is faulty, or merges classes that the network has not.
        """
        self.view.check(load_model(self.model).labels)

    def load(self) -> Segmenter:
        """Load the segmenter.

        Raises:
            ModelError: The model is missing or faulty, or cannot run at that size.
            EngineError: The engine or the precision is not to be had here.
            ConfigError: The size is none, or the view is faulty.
        """
        if self.threads:
            limit_threads(self.threads)
        return Segmenter.load(
            self.model,
            engine=self.engine,
            precision=self.precision,
            network_size=self.network_size,
            view=self.view,
        )

    def conditions(self, segmenter: Segmenter) -> dict[str, Any]:
        """What the labels depend on besides the images, as plain values.

        Args:
            segmenter: What `load` gave; it knows which precision is in use.

        Raises:
            EngineError: The model's file cannot be read.
        """
        return {
            "model": segmenter.model.name,
            "model_sha256": model_sha256(segmenter.model.path),
            "engine": segmenter.engine_name.partition(" ")[0],
            "precision": segmenter.precision,
            "network_size": str(segmenter.network_size),
            "roi": self.roi,
            "output_size": self.output_size,
            "class_map": self.class_map,
            "classes_sha256": self._classes_sha256(segmenter),
        }

    def _classes_sha256(self, segmenter: Segmenter) -> str:
        """Over the sidecar and the class map: a file may change under the same name."""
        found = hashlib.sha256(segmenter.model.path.with_suffix(".yaml").read_bytes())
        found.update(self.view.channel_ids(segmenter.model.labels).id_of_channel.tobytes())
        found.update(json.dumps(legend(segmenter)).encode())
        found.update(segmenter.labels.palette().tobytes())
        return found.hexdigest()


def legend(segmenter: Segmenter) -> dict[str, str]:
    """What label images hold: the name of each class by its pixel value."""
    return {str(label.pixel): label.name for label in segmenter.labels.listed}


def facts(segmenter: Segmenter) -> dict[str, str]:
    """With what images are segmented, for tables and JSON."""
    return {
        "model": segmenter.model.name,
        "engine": segmenter.engine_name,
        "precision": segmenter.precision,
        "device": segmenter.device,
        "network_size": str(segmenter.network_size),
    }
