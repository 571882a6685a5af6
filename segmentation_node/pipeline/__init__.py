"""An image in, its segmentation out: the pipelines, and the worker that feeds them."""
