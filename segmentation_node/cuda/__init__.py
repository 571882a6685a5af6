"""The CUDA kernels of pre- and postprocessing: sources, compilation, arguments and launches."""
