"""Measures what the package promises: accuracy, latency, and the tables made of them."""
