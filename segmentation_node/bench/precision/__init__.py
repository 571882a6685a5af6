"""What a network loses and gains by a lower precision: size, scores, agreement and latency."""
