"""Our node against those that people write first: `python -m benchmarks.race`."""
