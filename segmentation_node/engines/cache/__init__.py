"""Built engines, kept: what a plan depends on, where it lies, and when it is built again."""

from __future__ import annotations

from segmentation_node.engines.cache.key import PORTABLE, EngineKey, Gpu, model_sha256
from segmentation_node.engines.cache.manifest import Manifest
from segmentation_node.engines.cache.obtain import Maker, Obtained, obtain
from segmentation_node.engines.cache.store import (
    ENVIRONMENT,
    Built,
    EngineStore,
    Entry,
    cache_folder,
)

__all__ = [
    "ENVIRONMENT",
    "PORTABLE",
    "Built",
    "EngineKey",
    "EngineStore",
    "Entry",
    "Gpu",
    "Maker",
    "Manifest",
    "Obtained",
    "cache_folder",
    "model_sha256",
    "obtain",
]
