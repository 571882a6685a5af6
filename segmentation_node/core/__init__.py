"""The definition of correct, in NumPy: labels, frames, geometry, pre- and postprocess, metrics."""
