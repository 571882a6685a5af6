"""From a float32 network to INT8 or FP16: calibration, Q/DQ nodes, and the rules for them."""
