"""An image in, its segmentation out: the pipelines, and the worker that feeds them."""

from __future__ import annotations

from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.cpu import STAGES, CpuPipeline
from segmentation_node.pipeline.cuda import CudaPipeline
from segmentation_node.pipeline.result import Segmentation
from segmentation_node.pipeline.segmenter import Segmenter
from segmentation_node.pipeline.view import View

__all__ = [
    "STAGES",
    "Buffers",
    "CpuPipeline",
    "CudaPipeline",
    "Outputs",
    "Segmentation",
    "Segmenter",
    "View",
]
