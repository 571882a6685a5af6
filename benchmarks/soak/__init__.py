"""The soak: the node for minutes or hours at a camera's rate, and then the faults of the road."""
