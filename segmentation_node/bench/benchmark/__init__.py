"""Latency by stage, throughput, size, memory, score and energy of networks, measured in turns."""
