"""Benchmarks of several machines side by side, in the form of the tables that were published."""
