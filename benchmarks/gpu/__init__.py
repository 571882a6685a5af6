"""Times the pipeline on a GPU: `python -m benchmarks.gpu`."""
