"""Our node against those that people write first: `python -m segmentation_node.bench.race`."""
