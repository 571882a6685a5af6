"""Times the pipeline on a GPU: `python -m segmentation_node.bench.gpu`."""
